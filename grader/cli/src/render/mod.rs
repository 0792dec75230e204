//! From a report to text. Each renderer is a plain function.

pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod lanes;
pub(crate) mod prose;
pub(crate) mod terminal;

#[cfg(test)]
mod tests;

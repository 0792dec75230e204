//! The rules that hold for every exercise, and the kinds of rules there are.

/// What holds for every exercise, unless its `allow` lifts it.
pub(super) const EVERYWHERE: &[(Rule<'static>, &str)] = &[
    (Rule::Path("std::process"), "a submission starts and ends no process"),
    (Rule::Path("std::env"), "a submission does not look at how it is run"),
    (Rule::Path("std::fs"), "a submission has nothing to do with files"),
    (Rule::Path("std::net"), "a submission has nothing to do with the network"),
    (Rule::Path("std::os"), "a submission is written in portable std"),
    (Rule::Path("std::io::stdin"), "a submission has no input"),
    (Rule::Path("std::panic::set_hook"), "the panic hook belongs to the program, not to a library"),
    (Rule::Path("std::panic::take_hook"), "the panic hook belongs to the program, not to a library"),
    (Rule::Path("std::any::type_name"), "code must not depend on the names of types"),
    (Rule::Path("std::any::type_name_of_val"), "code must not depend on the names of types"),
    (Rule::Path("std::mem::size_of"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::size_of_val"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::align_of"), "code must not depend on how types are laid out"),
    (Rule::Path("std::mem::align_of_val"), "code must not depend on how types are laid out"),
    (Rule::Path("std::alloc"), "code must not depend on how types are laid out"),
    (Rule::Path("std::panic::Location"), "code must not depend on where it is called"),
    (Rule::Path("std::backtrace"), "code must not depend on where it is called"),
    (Rule::Path("core"), "write std::… instead"),
    (Rule::Path("alloc"), "write std::… instead"),
    (Rule::Macro("include"), "a submission is its own files and nothing else"),
    (Rule::Macro("include_str"), "a submission is its own files and nothing else"),
    (Rule::Macro("include_bytes"), "a submission is its own files and nothing else"),
    (Rule::Macro("env"), "a submission does not look at how it is built"),
    (Rule::Macro("option_env"), "a submission does not look at how it is built"),
    (Rule::Macro("asm"), "inline assembly cannot be judged"),
    (Rule::Macro("global_asm"), "inline assembly cannot be judged"),
    (Rule::Macro("naked_asm"), "inline assembly cannot be judged"),
    (Rule::Attribute("path"), "a module is where its name says"),
    (Rule::Attribute("no_mangle"), "a submission exports no symbols"),
    (Rule::Attribute("export_name"), "a submission exports no symbols"),
    (Rule::Attribute("link_section"), "a submission places nothing in sections"),
    (Rule::Attribute("global_allocator"), "the allocator belongs to the program, not to a library"),
    (Rule::Attribute("feature"), "a submission is written in stable Rust"),
    (Rule::Extern, "a submission calls no foreign functions"),
];

/// One thing that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule<'a> {
    Path(&'a str),
    Method(&'a str),
    Macro(&'a str),
    Attribute(&'a str),
    Extern,
}

impl Rule<'_> {
    pub(super) fn subject(self) -> String {
        match self {
            Rule::Path(name) | Rule::Method(name) | Rule::Macro(name) | Rule::Attribute(name) => name.to_owned(),
            Rule::Extern => "extern".to_owned(),
        }
    }

    pub(super) fn shown(self) -> String {
        match self {
            Rule::Path(name) => format!("`{name}`"),
            Rule::Method(name) => format!("`.{name}()`"),
            Rule::Macro(name) => format!("`{name}!`"),
            Rule::Attribute(name) => format!("`#[{name}]`"),
            Rule::Extern => "an `extern` block".to_owned(),
        }
    }
}

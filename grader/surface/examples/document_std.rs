//! Writes the list of std's stable items to standard output: what its documentation shows and the compiler lets a program use.
//!
//! ```console
//! $ rustup component add rust-docs
//! $ cargo run -p surface --example document_std > grader/surface/std.txt
//! ```

use std::path::PathBuf;
use std::process::Command;
use surface::documented;
use surface::probe::{Compiler, stable};

fn said(arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(String::from_utf8(Command::new(rustc).args(arguments).output()?.stdout)?.trim().to_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(said(&["--print", "sysroot"])?).join("share/doc/rust/html/std");
    let scratch = std::env::temp_dir().join(format!("document-std-{}", std::process::id()));
    let compiler = Compiler { crates: Vec::new(), dependencies: scratch.clone(), scratch: scratch.clone() };
    let items = stable(documented::read(&folder), &compiler);
    std::fs::remove_dir_all(scratch)?;
    println!(
        "# Stable items of std, as its documentation has them; made by examples/document_std.rs with {}.",
        said(&["-V"])?
    );
    print!("{}", documented::list(&items));
    Ok(())
}

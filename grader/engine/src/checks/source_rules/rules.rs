//! The rules that hold for every exercise, and the kinds of rules there are.

/// Why a submission reads nothing that is not its own.
const OWN_FILES: &str = "a submission is its own files and nothing else";

/// Why it places nothing in the program.
const SECTIONS: &str = "a submission places nothing in sections";

const LAYOUT: &str = "code must not depend on how types are laid out";
const CALLER: &str = "code must not depend on where it is called";
const HOOK: &str = "the panic hook belongs to the program, not to a library";
const SYMBOLS: &str = "a submission exports no symbols";
const FOREIGN: &str = "a submission is linked with nothing else";
const PROGRAM: &str = "how the program is built and linked is not a submission's business";
const ASSEMBLY: &str = "inline assembly cannot be judged";
const BUILT: &str = "a submission does not look at how it is built";
const BUILDS: &str = "a submission is built in several ways, and must do the same in each; only `#[cfg(test)]`, \
                      `#[cfg(not(test))]` and `cfg!(test)` may be asked";

/// What holds for every exercise, unless its `allow` lifts it.
pub(super) const EVERYWHERE: &[(Rule<'static>, &str)] = &[
    (Rule::Path("std::process"), "a submission starts and ends no process"),
    (Rule::Path("std::env"), "a submission does not look at how it is run"),
    (Rule::Path("std::fs"), "a submission has nothing to do with files"),
    (Rule::Path("std::net"), "a submission has nothing to do with the network"),
    (Rule::Path("std::os"), "a submission is written in portable std"),
    (Rule::Path("std::io::stdin"), "a submission has no input"),
    (Rule::Path("std::panic::set_hook"), HOOK),
    (Rule::Path("std::panic::take_hook"), HOOK),
    (Rule::Path("std::any::type_name"), "code must not depend on the names of types"),
    (Rule::Path("std::any::type_name_of_val"), "code must not depend on the names of types"),
    (Rule::Path("std::mem::size_of"), LAYOUT),
    (Rule::Path("std::mem::size_of_val"), LAYOUT),
    (Rule::Path("std::mem::align_of"), LAYOUT),
    (Rule::Path("std::mem::align_of_val"), LAYOUT),
    (Rule::Path("std::alloc"), LAYOUT),
    (Rule::Path("std::panic::Location"), CALLER),
    (Rule::Path("std::backtrace"), CALLER),
    (Rule::Path("core"), "write std::… instead"),
    (Rule::Path("alloc"), "write std::… instead"),
    (Rule::Crate, "name what you need of it: of a whole crate under another name it cannot be told what is used"),
    (Rule::Composed, "write the whole path out: of a path that a macro puts together it cannot be told where it leads"),
    (Rule::Macro("include"), OWN_FILES),
    (Rule::Macro("include_str"), OWN_FILES),
    (Rule::Macro("include_bytes"), OWN_FILES),
    (Rule::Macro("concat_idents"), "a name stands in the source as it is"),
    (Rule::Macro("env"), BUILT),
    (Rule::Macro("option_env"), BUILT),
    (Rule::Macro("asm"), ASSEMBLY),
    (Rule::Macro("global_asm"), ASSEMBLY),
    (Rule::Macro("naked_asm"), ASSEMBLY),
    (Rule::Condition, BUILDS),
    (Rule::Attribute("cfg_attr"), BUILDS),
    (Rule::Attribute("target_feature"), BUILDS),
    (Rule::ModuleInMacro, "a file of the submission is declared by a plain `mod name;`"),
    (Rule::Attribute("path"), "a module is where its name says"),
    (Rule::Attribute("no_mangle"), SYMBOLS),
    (Rule::Attribute("export_name"), SYMBOLS),
    (Rule::Attribute("linkage"), SYMBOLS),
    (Rule::Attribute("link_section"), SECTIONS),
    (Rule::Attribute("used"), SECTIONS),
    (Rule::Attribute("link"), FOREIGN),
    (Rule::Attribute("link_args"), FOREIGN),
    (Rule::Attribute("link_name"), FOREIGN),
    (Rule::Attribute("link_ordinal"), FOREIGN),
    (Rule::Attribute("no_link"), FOREIGN),
    (Rule::Attribute("global_allocator"), "the allocator belongs to the program, not to a library"),
    (Rule::Attribute("panic_handler"), PROGRAM),
    (Rule::Attribute("no_std"), PROGRAM),
    (Rule::Attribute("no_core"), PROGRAM),
    (Rule::Attribute("crate_type"), PROGRAM),
    (Rule::Attribute("crate_name"), PROGRAM),
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
    /// A whole crate under another name.
    Crate,
    /// A path that a macro puts together.
    Composed,
    /// Conditional compilation.
    Condition,
    ModuleInMacro,
}

impl Rule<'_> {
    pub(super) fn subject(self) -> String {
        match self {
            Rule::Path(name) | Rule::Method(name) | Rule::Macro(name) | Rule::Attribute(name) => name.to_owned(),
            Rule::Extern => "extern".to_owned(),
            Rule::Crate => "a whole crate".to_owned(),
            Rule::Composed => "a composed path".to_owned(),
            Rule::Condition => "cfg".to_owned(),
            Rule::ModuleInMacro => "mod in a macro".to_owned(),
        }
    }

    pub(super) fn shown(self) -> String {
        match self {
            Rule::Path(name) => format!("`{name}`"),
            Rule::Method(name) => format!("`.{name}()`"),
            Rule::Macro(name) => format!("`{name}!`"),
            Rule::Attribute(name) => format!("`#[{name}]`"),
            Rule::Extern => "an `extern` block".to_owned(),
            Rule::Crate => {
                "a whole crate under another name, as a glob, as a re-export or handed to a macro".to_owned()
            }
            Rule::Composed => "a path that a macro puts together".to_owned(),
            Rule::Condition => "a `cfg` condition".to_owned(),
            Rule::ModuleInMacro => "`mod name;` in a macro".to_owned(),
        }
    }

    /// The crate that a rule about a path is about.
    pub(super) fn of_crate(&self) -> Option<&str> {
        match self {
            Rule::Path(name) => name.split("::").next(),
            _ => None,
        }
    }

    /// Whether what breaks this rule may read what is not the submission's own while it is compiled. Then it is not compiled.
    pub(super) fn opens_files(self) -> bool {
        match self {
            Rule::Macro(name) => {
                ["include", "include_str", "include_bytes", "env", "option_env", "asm", "global_asm", "naked_asm"]
                    .contains(&name)
            }
            Rule::Attribute(name) => ["path", "link", "link_args"].contains(&name),
            Rule::ModuleInMacro => true,
            _ => false,
        }
    }
}

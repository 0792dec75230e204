//! One object file of a library: what it offers to the linker, what it asks for, who asks, and what is odd about it by itself.

use super::{SUBJECT, Violation, permitted, symbol};
use object::Endianness;
use object::elf;
use object::read::elf::{ElfFile64, SectionHeader, Sym};
use std::collections::{BTreeMap, BTreeSet};

type Sym64 = elf::Sym64<Endianness>;

/// Who refers to a symbol: functions by name, and data without one.
pub(super) type Callers<'a> = BTreeMap<&'a str, BTreeSet<Option<&'a str>>>;

/// An object file that was read.
pub(super) struct Member<'a> {
    file: ElfFile64<'a>,
    offered: Vec<&'a str>,
    wanted: Vec<&'a str>,
    violations: Vec<Violation>,
}

impl<'a> Member<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// If it is no object file of this system.
    pub(super) fn parse(data: &'a [u8]) -> Result<Member<'a>, object::Error> {
        let file: ElfFile64<'a> = ElfFile64::parse(data)?;
        let (endian, sections, symbols) = (file.endian(), file.elf_section_table(), file.elf_symbol_table());
        let (mut offered, mut wanted, mut violations) = (Vec::new(), Vec::new(), Vec::new());
        for section in sections.iter() {
            let (name, kind) = (sections.section_name(endian, section)?, section.sh_type(endian));
            let is_kept = section.sh_flags(endian) & u64::from(elf::SHF_GNU_RETAIN) != 0;
            if is_kept || !permitted::is_section(name, kind) {
                violations.push(of_section(&String::from_utf8_lossy(name)));
            }
        }
        // The first symbol is none.
        for symbol in symbols.iter().skip(1) {
            let is_chosen_later = symbol.st_type() == elf::STT_GNU_IFUNC;
            if symbol.st_bind() == elf::STB_LOCAL && !is_chosen_later {
                // Nobody else sees it.
                continue;
            }
            let bytes = symbols.symbol_name(endian, symbol)?;
            // A name that is no text is nobody's: it is found as such.
            let name = std::str::from_utf8(bytes).unwrap_or("?");
            if is_chosen_later {
                violations.push(of_indirect(&String::from_utf8_lossy(bytes)));
            } else if symbol.is_undefined(endian) {
                wanted.push(name);
            } else {
                offered.push(name);
                if !is_the_compilers(name, symbol.st_visibility()) {
                    violations.push(of_offered(&String::from_utf8_lossy(bytes)));
                }
            }
        }
        Ok(Member { file, offered, wanted, violations })
    }

    /// Symbols that others can link with.
    pub(super) fn offered(&self) -> impl Iterator<Item = &'a str> {
        self.offered.iter().copied()
    }

    /// Symbols that somebody else must have.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &'a str> {
        self.wanted.iter().copied()
    }

    /// What it must not hold, whatever others hold.
    pub(super) fn violations(&self) -> impl Iterator<Item = Violation> {
        self.violations.iter().cloned()
    }

    /// Adds who refers to the symbols that are looked for.
    ///
    /// # Errors
    /// If it is broken.
    pub(super) fn add_callers(&self, callers: &mut Callers<'a>) -> Result<(), object::Error> {
        let (endian, sections, symbols) =
            (self.file.endian(), self.file.elf_section_table(), self.file.elf_symbol_table());
        let named = |symbol| symbols.symbol_name(endian, symbol).ok().and_then(|name| std::str::from_utf8(name).ok());
        let mut looked_for = BTreeMap::new();
        for (index, symbol) in symbols.enumerate() {
            if symbol.is_undefined(endian)
                && let Some(name) = named(symbol).filter(|name| callers.contains_key(name))
            {
                looked_for.insert(index.0 as u32, name);
            }
        }
        if looked_for.is_empty() {
            return Ok(());
        }
        // Each function has a section of its own, and one of what it refers to.
        let mut referring = BTreeMap::new();
        for section in sections.iter() {
            let Some((references, _)) = section.rela(endian, self.file.data())? else { continue };
            let found = references.iter().filter_map(|each| looked_for.get(&each.r_sym(endian, false)));
            for name in found {
                referring.entry(section.sh_info(endian)).or_insert_with(BTreeSet::new).insert(*name);
            }
        }
        let in_section = |symbol: &&Sym64| referring.contains_key(&u32::from(symbol.st_shndx(endian)));
        let functions = symbols.iter().filter(in_section).filter(|symbol| symbol.st_type() != elf::STT_SECTION);
        let functions: BTreeMap<u32, &str> =
            functions.filter_map(|symbol| Some((u32::from(symbol.st_shndx(endian)), named(symbol)?))).collect();
        for (section, names) in &referring {
            for name in names {
                callers.entry(name).or_default().insert(functions.get(section).copied());
            }
        }
        Ok(())
    }
}

/// Whether a symbol that others can link with is one that the compiler makes for a submission.
fn is_the_compilers(name: &str, visibility: u8) -> bool {
    // What several objects of one library share has a name with a number at its end, and is hidden from other libraries.
    let is_shared = || name == "DW.ref.rust_eh_personality" || name.contains(".llvm.");
    symbol::is_made_by(name, SUBJECT) || visibility == elf::STV_HIDDEN && is_shared()
}

fn of_section(name: &str) -> Violation {
    let what = format!(
        "has a section `{name}`, which the compiler does not make by itself: what is in such a section is run, gathered or kept by the \
         linker and the loader, whatever the tests do"
    );
    Violation::new(what, "remove the attribute or macro that makes it (`link_section`, `used`, `global_asm!`)")
}

fn of_indirect(name: &str) -> Violation {
    let what =
        format!("has a function `{name}` that the loader calls before the tests, to learn which function to take");
    Violation::new(what, "remove the assembly that makes it")
}

fn of_offered(name: &str) -> Violation {
    let name = symbol::shown(name);
    let what = format!(
        "offers `{name}` to whatever is linked with it, and so takes the place of another function of that name"
    );
    Violation::new(
        what,
        "remove what gives it this name (`no_mangle`, `export_name`, `global_allocator`, `global_asm!`)",
    )
}

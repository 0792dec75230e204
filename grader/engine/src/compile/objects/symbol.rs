//! What the name of a symbol says: in which crate and module its code was written, and which crate's compilation made it.
//!
//! There are two schemes. The submission is compiled with v0 (RFC 2603), which tells both; libraries may use the older one, which tells
//! the first alone. Only the beginning of a v0 name is read here; what begins in a way that needs all of it is left to `rustc-demangle`.

use std::str::FromStr;

/// Where the code of a symbol was written, as paths that begin with a crate. Several if the name does not say which of them it is: then
/// each type and trait in it counts. None if this is no name that the compiler makes of a path.
pub(super) fn homes(name: &str) -> Vec<String> {
    if let Some(mangled) = v0(name) {
        return written(mangled).map_or_else(|| mentioned(name), |home| vec![home]);
    }
    let Some((first, rest)) = name.strip_prefix("_ZN").and_then(identifier) else { return Vec::new() };
    if !first.contains('$') && !first.contains("..") {
        let next = identifier(rest).map_or(String::new(), |(next, _)| format!("::{next}"));
        return vec![format!("{first}{next}")];
    }
    // `_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$`
    first
        .split('$')
        .filter(|part| part.contains("..") && !part.starts_with('.'))
        .map(|path| path.replace("..", "::"))
        .collect()
}

/// The crate that a path begins with.
pub(super) fn of_crate(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// Whether this crate's compilation made the symbol: its own code, or its instance of somebody's generic code. Only v0 names say that.
pub(super) fn is_made_by(name: &str, crate_name: &str) -> bool {
    let Some(mangled) = v0(name) else { return false };
    let home = begun(mangled).and_then(|(_, rest)| identifier(rest));
    home.is_some_and(|(home, _)| home == crate_name) || is_instance_of(mangled, crate_name)
}

/// A symbol as a person writes it.
pub(super) fn shown(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// What is mangled in a v0 name, without what LLVM adds to it.
fn v0(name: &str) -> Option<&str> {
    let mangled = name.strip_prefix("_R")?;
    Some(mangled.find('.').map_or(mangled, |end| &mangled[..end]))
}

/// The crate that a symbol's code was written in, if the name says so in its first part.
pub(super) fn home(name: &str) -> Option<&str> {
    let (_, rest) = begun(v0(name)?)?;
    identifier(rest).map(|(home, _)| home)
}

/// The module or function at the beginning of a name; for an `impl`, the module that it stands in.
fn written(mangled: &str) -> Option<String> {
    let (names, mut rest) = begun(mangled)?;
    let mut path = String::new();
    for _ in 0..=names {
        let (name, after) = identifier(without_disambiguator(rest)?)?;
        if !path.is_empty() {
            path.push_str("::");
        }
        path.push_str(if name.is_empty() { "{closure}" } else { name });
        rest = after;
    }
    Some(path)
}

/// How many names follow the crate's before something else does, and what is written from the crate's name on.
fn begun(mangled: &str) -> Option<(usize, &str)> {
    // Most symbols of a library pass here, in a grader that is not optimised.
    let (bytes, mut place, mut names) = (mangled.as_bytes(), 0, 0);
    loop {
        match bytes.get(place)? {
            // With its namespace.
            b'N' => (place, names) = (place + 2, names + 1),
            b'I' => (place, names) = (place + 1, 0),
            b'M' | b'X' => {
                let rest = without_disambiguator(mangled.get(place + 1..)?)?;
                (place, names) = (mangled.len() - rest.len(), 0);
            }
            b'C' => return Some((names, without_disambiguator(mangled.get(place + 1..)?)?)),
            _ => return None,
        }
    }
}

/// Whether a name ends with this crate, in which generic code got its types.
fn is_instance_of(mangled: &str, crate_name: &str) -> bool {
    let is_it = |place: usize, ends: bool| {
        let found = mangled.get(place..).and_then(crate_at);
        found.is_some_and(|(name, rest)| name == crate_name && (!ends || rest.is_empty()))
    };
    if mangled.ends_with(crate_name) {
        // `…Cs1_7subject`
        return mangled.rmatch_indices('C').any(|(place, _)| is_it(place, true));
    }
    // `…B1e_` stands for what is written at that place, counted in base 62. `B` is a digit, too.
    let Some(rest) = mangled.strip_suffix('_') else { return false };
    let mut starts = rest.rmatch_indices('B').take(MOST_DIGITS + 1);
    starts.any(|(start, _)| base62(&rest[start + 1..]).is_some_and(|place| is_it(place, false)))
}

/// Digits of a place in a name, at most: 62⁴ bytes are more than the longest name has.
const MOST_DIGITS: usize = 4;

/// A crate's name, if a text begins with one, and what follows.
fn crate_at(text: &str) -> Option<(&str, &str)> {
    identifier(without_disambiguator(text.strip_prefix('C')?)?)
}

fn without_disambiguator(text: &str) -> Option<&str> {
    match text.strip_prefix('s') {
        Some(rest) => rest.split_once('_').map(|(_, rest)| rest),
        None => Some(text),
    }
}

/// A name that begins with its length, and what follows. Both schemes have them.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('u').unwrap_or(text);
    let digits = text.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = if text.starts_with('0') { ("0", text.get(1..)?) } else { text.split_at(digits) };
    let length = usize::from_str(digits).ok()?;
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    Some((rest.get(..length)?, rest.get(length..)?))
}

/// A number in base 62: nothing is 0, and every other one is written as one less.
fn base62(digits: &str) -> Option<usize> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'z' => Some(byte - b'a' + 10),
        b'A'..=b'Z' => Some(byte - b'A' + 36),
        _ => None,
    };
    if digits.is_empty() {
        return Some(0);
    }
    let number = |number: usize, byte: u8| number.checked_mul(62)?.checked_add(usize::from(digit(byte)?));
    digits.bytes().try_fold(0, number)?.checked_add(1)
}

/// The paths in a name that begin with a crate, which is written with its hash: `core[c1f1a4ba060b9bfa]::fmt::Debug`.
fn mentioned(name: &str) -> Vec<String> {
    let Ok(name) = rustc_demangle::try_demangle(name) else { return Vec::new() };
    let text = name.to_string();
    let is_of_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut paths = Vec::new();
    for (place, _) in text.match_indices('[') {
        let (before, after) = text.split_at(place);
        let Some((hash, rest)) = after[1..].split_once(']') else { continue };
        let crate_name = before.rsplit(|character| !is_of_name(character)).next().unwrap_or_default();
        if crate_name.is_empty() || hash.is_empty() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        let end = rest.find(|character| !is_of_name(character) && character != ':').unwrap_or(rest.len());
        paths.push(format!("{crate_name}{}", rest[..end].trim_end_matches(':')));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_its_code_was_written() {
        for (name, home) in [
            ("_RNvNtNtCs1234_3std2io5stdio6__print", "std::io::stdio::_print"),
            ("_RNvMsb_NtCs1234_3std4pathNtB5_4Path6exists", "std::path"),
            ("_RNvXs0_NtCs1234_3std2ioNtB5_5ErrorNtNtCs99_4core3fmt5Debug3fmt", "std::io"),
            ("_RINvNtCs1234_4core3ptr13drop_in_placeNtCs1_7subject4LockECs1_7subject", "core::ptr::drop_in_place"),
            ("_RNCNvNtCs1_7subject5inner4work0B5_", "subject::inner::work::{closure}"),
            ("_RNvC7subject4work", "subject::work"),
            ("_ZN3std6thread5spawn17h0123456789abcdefE", "std::thread"),
            ("_ZN5tokio7runtime4task17h0123456789abcdefE", "tokio::runtime"),
        ] {
            assert_eq!(homes(name), [home], "{name}");
        }
    }

    #[test]
    fn every_path_counts_where_a_name_begins_with_a_type() {
        let homes_of_vec =
            homes("_ZN66_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE");
        assert_eq!(homes_of_vec, ["alloc::vec::Vec", "core::ops::drop::Drop"]);
        // The default method of a trait: `<[u8] as std::io::Read>::by_ref`.
        let of_trait = homes("_RNvYShNtNtCs1234_3std2io4Read6by_refCs1_7subject");
        assert_eq!(of_trait, ["std::io::Read"]);
    }

    #[test]
    fn what_is_no_path_has_no_home() {
        let broken =
            ["malloc", "", "_R", "_RNv", "_ZN", "_ZN99x", "_ZN3st", "_RNvCs_99999999999999999999x", "_RNvNtC1"];
        // Whoever writes assembly can give a symbol any name.
        let odd = ["_R“std[ab]::io", "_RY“[ab]", "_RNvC1“", "_RNvC2“1x", "_RB“_", "_ZN2“std", "_RIC“B“_", "_RMs“_C3st"];
        for name in broken.into_iter().chain(odd) {
            assert_eq!(homes(name), Vec::<String>::new(), "{name}");
            assert!(!is_made_by(name, "subject"), "{name}");
        }
    }

    #[test]
    fn a_name_says_whose_instance_it_is() {
        for own in [
            "_RNvC7subject4work",
            "_RNvXs0_Cs1_7subjectNtB5_4LockNtNtCs9_4core3fmt5Debug3fmt",
            "_RINvNtCs1234_4core3ptr13drop_in_placeNtCs1_7subject4LockECs1_7subject",
            // The end stands for what is written at place 38, which is `B` in base 62.
            "_RINvNtCs1234_4core3ptr13drop_in_placeNtCs1_7subject4LockEBB_",
            "_RINvMNtCsgEmfK2I1SDS_4core4boolb4thenNtCs6awm7tFNy2C_7subject6TargetNCNvMs8_BB_Bz_2ofs3_0EBB_",
            "_RINvNtCs1234_4core3ptr13drop_in_placehECs1_7subject.llvm.12643440742125810031",
        ] {
            assert!(is_made_by(own, "subject"), "{own}");
        }
        for others in [
            "_RNvNtNtCs1234_3std2io5stdio6__print",
            "_RINvNtCs1234_4core3ptr13drop_in_placehECs1_6checks",
            "_RINvNtCs1234_4core3ptr13drop_in_placeNtCs1_7subject4LockECs1_6checks",
            "_RNvCs1_7___rustc12___rust_alloc",
            "_RNvCs1_7harness6report",
            "_ZN7subject4work17h0123456789abcdefE",
        ] {
            assert!(!is_made_by(others, "subject"), "{others}");
        }
    }
}

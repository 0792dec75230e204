//! The public items of std, read from its documentation (the component `rust-docs`), and the list of them that is kept.
//!
//! The list has a line per item: what it is, its path, and for what belongs to a type the number of that type's parameters.

use crate::public::{Public, Signature, TRAITS, What};
use std::fmt::Write;
use std::path::Path;
use syn::{Item, ItemImpl};

/// Modules that a submission reaches under exploration in the place of the real ones: of these, what types have is asked for,
/// too. Of all others it is enough that what they have can be imported, for it is the real thing then.
const MODULES: [&str; 12] = [
    "std::cell::",
    "std::hint::",
    "std::net::Shutdown",
    "std::os::fd::",
    "std::os::linux::net::",
    "std::os::unix::net::",
    "std::os::unix::process::",
    "std::panic::",
    "std::process::",
    "std::sync::",
    "std::thread::",
    "std::time::",
];

/// What a machine has, not the language: not asked for.
const ELSEWHERE: [&str; 3] = ["std::arch::", "std::intrinsics::", "std::simd::"];

/// The items in the folder of std's documentation. Also what is unstable.
///
/// # Panics
/// If it cannot be read.
#[must_use]
pub fn read(folder: &Path) -> Vec<Public> {
    let all = file(&folder.join("all.html"));
    let mut public = Vec::new();
    for entry in all.split("<li><a href=\"").skip(1) {
        let Some((page, rest)) = entry.split_once("\">") else { continue };
        let Some((name, _)) = rest.split_once("</a>") else { continue };
        let path = format!("std::{name}");
        let kind = page.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
        if matches!(kind, "primitive" | "attr" | "derive" | "keyword") || is_below(&path, &ELSEWHERE) {
            continue;
        }
        if kind == "fn" {
            public.push(function(&path, &file(&folder.join(page))));
            continue;
        }
        public.push(Public { path: path.clone(), what: What::Importable });
        if matches!(kind, "struct" | "enum" | "union") && is_below(&path, &MODULES) {
            members(&path, &file(&folder.join(page)), &mut public);
        }
    }
    public.sort_by_key(ToString::to_string);
    public.dedup();
    public
}

fn file(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_below(path: &str, modules: &[&str]) -> bool {
    modules.iter().any(|module| path.starts_with(module))
}

fn function(path: &str, page: &str) -> Public {
    let parsed: syn::ItemFn = declared(&format!("{} {{}}", declaration(page)));
    Public { path: path.to_owned(), what: What::Function(signature(&parsed.sig)) }
}

/// What a page is about, as Rust.
fn declaration(page: &str) -> String {
    text(between(page, "item-decl\"><code>", "</code>").expect("a page says what it is about"))
}

fn declared<T: syn::parse::Parse>(text: &str) -> T {
    syn::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn signature(signature: &syn::Signature) -> Signature {
    let is_unsafe = matches!(signature.safety, syn::Safety::Unsafe(_));
    // Nothing in std is.
    Signature { arguments: signature.inputs.len(), is_unsafe, is_awaited: false }
}

/// What a type has, as its page says.
fn members(path: &str, page: &str, public: &mut Vec<Public>) {
    let parameters = parameters(page);
    for variant in page.split("<section id=\"variant.").skip(1) {
        let name = variant.split('"').next().unwrap_or_default();
        public.push(Public { path: format!("{path}::{name}"), what: What::Importable });
    }
    // Behind that stands what the targets of `Deref` have, and what every type has.
    let own = page.split("id=\"deref-methods").next().unwrap_or_default();
    let own = own.split("id=\"synthetic-implementations\"").next().unwrap_or_default();
    let (inherent, traits) = own.split_once("id=\"trait-implementations\"").unwrap_or((own, ""));
    for method in inherent.split(" class=\"method\">").skip(1) {
        let head = between(method, "<h4 class=\"code-header\">", "</h4>").expect("a method has a head");
        let parsed: syn::ItemFn = declared(&format!("{} {{}}", text(head)));
        let path = format!("{path}::{}", parsed.sig.ident);
        public.push(Public { path, what: What::Method(signature(&parsed.sig), parameters) });
    }
    for constant in inherent.split("<section id=\"associatedconstant.").skip(1) {
        let name = constant.split('"').next().unwrap_or_default();
        public.push(Public { path: format!("{path}::{name}"), what: What::Constant(parameters) });
    }
    for implementation in traits.split(" class=\"impl\">").skip(1) {
        let head = between(implementation, "<h3 class=\"code-header\">", "</h3>").map(absolute).map(|html| text(&html));
        let of = head.and_then(|head| implemented(&head));
        public.extend(of.map(|of| Public { path: path.to_owned(), what: What::Trait(parameters, of) }));
    }
}

/// How many parameters that are not lifetimes the type of a page has.
fn parameters(page: &str) -> usize {
    let generics = match declared(&declaration(page)) {
        Item::Struct(item) => item.generics,
        Item::Enum(item) => item.generics,
        Item::Union(item) => item.generics,
        _ => panic!("the page is about no type"),
    };
    generics.params.iter().filter(|parameter| !matches!(parameter, syn::GenericParam::Lifetime(_))).count()
}

/// The trait of an implementation, if it is one that counts, with `?` for the parameters.
fn implemented(declared: &str) -> Option<String> {
    let parsed: ItemImpl = syn::parse_str(&format!("{declared} {{}}")).ok()?;
    let (path, _) = parsed.trait_.filter(|_| parsed.modifiers.polarity.is_none())?;
    let last = path.segments.last()?;
    let (_, known) = TRAITS.iter().find(|(name, _)| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return Some((*known).to_owned()) };
    let parameters: Vec<String> = parsed.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    let arguments: Vec<String> = arguments.args.iter().map(|argument| written(argument, &parameters)).collect();
    Some(format!("{known}<{}>", arguments.join(", ")))
}

fn written(argument: &syn::GenericArgument, parameters: &[String]) -> String {
    use quote::ToTokens;
    let mut text = String::new();
    for token in argument.to_token_stream().to_string().split(' ') {
        let token = if parameters.iter().any(|parameter| parameter == token) { "?" } else { token };
        let glued = token.starts_with([':', '<', '>', ',']) || text.ends_with([':', '<', '&', '\'']);
        let separated = if text.is_empty() || glued { "" } else { " " };
        write!(text, "{separated}{token}").expect("a string takes everything");
    }
    text
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

/// Links to items of std become their paths: `title="struct std::sync::Mutex"`.
fn absolute(html: &str) -> String {
    let mut parts = html.split("<a ");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let path = between(part, "title=\"", "\"").and_then(|title| title.split_once(' ')).map(|(_, path)| path);
        match (path, part.split_once("</a>")) {
            (Some(path), Some((_, rest))) => write!(result, "::{path}{rest}").expect("a string takes everything"),
            _ => write!(result, "<a {part}").expect("a string takes everything"),
        }
    }
    result
}

/// Without tags.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            // Of what stands on a line of its own the end is the next word's beginning: `-> T<div>where`.
            '<' => {
                inside = true;
                text.push(' ');
            }
            // A mark that leads to notable traits.
            'ⓘ' => {}
            '>' => inside = false,
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&").replace('\u{a0}', " ")
}

/// The list as it is kept.
#[must_use]
pub fn list(items: &[Public]) -> String {
    let mut text = String::new();
    for item in items {
        let path = &item.path;
        let line = match &item.what {
            What::Importable => format!("use {path}"),
            What::Function(signature) => format!("{} {path} {}", keyword(signature), signature.arguments),
            What::Method(signature, parameters) => {
                format!("{} {path} {} of {parameters}", keyword(signature), signature.arguments)
            }
            What::Constant(parameters) => format!("const {path} of {parameters}"),
            What::Field(parameters) => format!("field {path} of {parameters}"),
            What::Trait(parameters, of) => format!("impl {path} of {parameters}: {of}"),
        };
        writeln!(text, "{line}").expect("a string takes everything");
    }
    text
}

fn keyword(signature: &Signature) -> &'static str {
    if signature.is_unsafe { "unsafe" } else { "fn" }
}

/// Reads a list that is kept. Lines that begin with `#` are comments.
///
/// # Panics
/// If a line is none of a list.
#[must_use]
pub fn kept(text: &str) -> Vec<Public> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| parsed(line).unwrap_or_else(|| panic!("`{line}` is no line of a list"))).collect()
}

fn parsed(line: &str) -> Option<Public> {
    let (line, of_trait) = match line.strip_prefix("impl ") {
        Some(_) => line.split_once(": ")?,
        None => (line, ""),
    };
    let words: Vec<&str> = line.split(' ').collect();
    let number = |word: &str| word.parse::<usize>().ok();
    let signature = |arguments: &str| {
        let is_unsafe = words[0] == "unsafe";
        number(arguments).map(|arguments| Signature { arguments, is_unsafe, is_awaited: false })
    };
    let (path, what) = match words[..] {
        ["use", path] => (path, What::Importable),
        ["fn" | "unsafe", path, arguments] => (path, What::Function(signature(arguments)?)),
        ["fn" | "unsafe", path, arguments, "of", of] => (path, What::Method(signature(arguments)?, number(of)?)),
        ["const", path, "of", of] => (path, What::Constant(number(of)?)),
        ["field", path, "of", of] => (path, What::Field(number(of)?)),
        ["impl", path, "of", of] => (path, What::Trait(number(of)?, of_trait.to_owned())),
        _ => return None,
    };
    Some(Public { path: path.to_owned(), what })
}

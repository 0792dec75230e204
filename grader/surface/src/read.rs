//! Reads the source of a crate into a [`Krate`]. Macros that put a condition before items (`cfg_rt! { … }`) are looked through: the
//! condition is read from their definition.

use crate::condition::{Conditions, is_hidden};
use crate::model::{Content, Implementation, Item, Kind, Krate, Module, Name, Path, Signature, What, within};
use quote::ToTokens;
use std::collections::BTreeMap;
use std::path::{Path as FsPath, PathBuf};
use syn::{
    Attribute, Expr, ExprLit, Fields, GenericArgument, GenericParam, Generics, ImplItem, ItemImpl, Lit, Meta,
    PathArguments, Type, UseTree, Visibility,
};

/// Reads a crate, of which `root` is the first file.
pub(crate) fn krate(root: &FsPath, conditions: Conditions) -> Krate {
    let mut reader = Reader {
        conditions,
        krate: Krate::default(),
        file: root.to_owned(),
        wrappers: BTreeMap::new(),
        exports: false,
    };
    let folder = root.parent().expect("a file is in a folder").to_owned();
    reader.file(root.to_owned(), &folder, Vec::new());
    reader.krate
}

struct Reader {
    conditions: Conditions,
    krate: Krate,
    /// What is being read.
    file: PathBuf,
    wrappers: BTreeMap<String, Wrapper>,
    /// What is read stands in a macro that exports macros.
    exports: bool,
}

/// What a macro puts before items.
#[derive(Default)]
struct Wrapper {
    conditions: Vec<Meta>,
    exports: bool,
}

impl Reader {
    /// Reads a file; the files of its modules are in `folder`.
    fn file(&mut self, file: PathBuf, folder: &FsPath, module: Path) {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.krate.modules.entry(module.clone()).or_default();
        let before = std::mem::replace(&mut self.file, file);
        self.items(parsed.items, folder, &module);
        self.file = before;
    }

    /// The file of a module, and the folder of its modules.
    fn file_of(&self, name: &str, attributes: &[Attribute], folder: &FsPath, below: PathBuf) -> (PathBuf, PathBuf) {
        let written = attributes.iter().find(|attribute| attribute.path().is_ident("path"));
        if let Some(Meta::NameValue(pair)) = written.map(|attribute| &attribute.meta)
            && let Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) = &pair.value
        {
            let beside = self.file.parent().expect("a file is in a folder");
            let file = beside.join(path.value());
            let below = file.parent().expect("a file is in a folder").to_owned();
            return (file, below);
        }
        let files = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
        let file = files.into_iter().find(|file| file.is_file());
        (file.unwrap_or_else(|| panic!("{}: no file of {name}", self.file.display())), below)
    }

    fn module(&mut self, module: &Path) -> &mut Module {
        self.krate.modules.entry(module.clone()).or_default()
    }

    fn name(&mut self, module: &Path, name: String, visible: bool, attributes: &[Attribute], what: What) {
        let public = visible && !is_hidden(attributes);
        self.module(module).names.push(Name { name, public, what });
    }

    fn add(&mut self, module: &Path, name: &syn::Ident, visibility: &Visibility, attributes: &[Attribute], item: Item) {
        self.name(module, name.to_string(), is_public(visibility), attributes, What::Item(item));
    }

    fn items(&mut self, items: Vec<syn::Item>, folder: &FsPath, module: &Path) {
        for item in items {
            self.item(item, folder, module);
        }
    }

    fn item(&mut self, item: syn::Item, folder: &FsPath, module: &Path) {
        use syn::Item as I;
        let attributes = attributes(&item);
        if !self.conditions.keep(&attributes) {
            return;
        }
        match item {
            I::Mod(inner) => {
                let name = inner.ident.to_string();
                let path = within(module, &name);
                self.name(module, name.clone(), is_public(&inner.vis), &attributes, What::Module);
                let below = folder.join(&name);
                match inner.content {
                    Some((_, items)) => {
                        self.module(&path);
                        self.items(items, &below, &path);
                    }
                    None => {
                        let (file, below) = self.file_of(&name, &attributes, folder, below);
                        self.file(file, &below, path);
                    }
                }
            }
            I::Use(used) => self.used(&used.tree, Vec::new(), is_public(&used.vis), &attributes, module),
            I::Struct(item) => {
                let named = |index: usize, field: &syn::Field| match &field.ident {
                    Some(name) => name.to_string(),
                    None => index.to_string(),
                };
                let public =
                    item.fields.iter().enumerate().filter(|(_, field)| self.is_offered(&field.vis, &field.attrs));
                let fields = match &item.fields {
                    Fields::Unit => Vec::new(),
                    _ => public.map(|(index, field)| named(index, field)).collect(),
                };
                self.add(module, &item.ident, &item.vis, &attributes, type_of(&item.generics, Vec::new(), fields));
                self.derived(&item.ident, &item.generics, &attributes, module);
            }
            I::Enum(item) => {
                let compiled = item.variants.iter().filter(|variant| self.conditions.keep(&variant.attrs));
                let shown = compiled.filter(|variant| !is_hidden(&variant.attrs));
                let variants = shown.map(|variant| variant.ident.to_string()).collect();
                self.add(module, &item.ident, &item.vis, &attributes, type_of(&item.generics, variants, Vec::new()));
                self.derived(&item.ident, &item.generics, &attributes, module);
            }
            I::Union(item) => {
                self.add(module, &item.ident, &item.vis, &attributes, type_of(&item.generics, Vec::new(), Vec::new()))
            }
            I::Fn(item) => {
                self.add(module, &item.sig.ident, &item.vis, &attributes, Item::Function(signature(&item.sig)))
            }
            I::Const(item) => self.add(module, &item.ident, &item.vis, &attributes, Item::Other),
            I::Static(item) => self.add(module, &item.ident, &item.vis, &attributes, Item::Other),
            I::Type(item) => self.add(module, &item.ident, &item.vis, &attributes, Item::Other),
            I::Trait(item) => self.add(module, &item.ident, &item.vis, &attributes, Item::Other),
            I::Impl(item) => self.implementation(item, module),
            I::Macro(item) => self.called_or_defined(item, &attributes, folder, module),
            _ => {}
        }
    }

    fn used(&mut self, tree: &UseTree, mut before: Path, public: bool, attributes: &[Attribute], module: &Path) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.used(&path.tree, before, public, attributes, module);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.used(tree, before.clone(), public, attributes, module);
                }
            }
            UseTree::Glob(_) => self.module(module).globs.push((before, public && !is_hidden(attributes))),
            UseTree::Name(name) if name.ident == "self" => {
                let name = before.last().cloned().unwrap_or_default();
                self.name(module, name, public, attributes, What::Use(before));
            }
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.name(module, name.ident.to_string(), public, attributes, What::Use(before));
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    before.push(rename.ident.to_string());
                }
                self.name(module, rename.rename.to_string(), public, attributes, What::Use(before));
            }
        }
    }

    fn derived(&mut self, name: &syn::Ident, generics: &Generics, attributes: &[Attribute], module: &Path) {
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
            let _ = attribute.parse_nested_meta(|meta| {
                let of = vec![name.to_string()];
                let kind = Kind::Trait(last(&meta.path), Vec::new());
                let parameters = parameters(generics);
                self.krate.implementations.push(Implementation { module: module.clone(), of, parameters, kind });
                Ok(())
            });
        }
    }

    fn implementation(&mut self, item: ItemImpl, module: &Path) {
        let Type::Path(of) = &*item.self_ty else { return };
        let of = of.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let kind = match &item.trait_ {
            Some((path, _)) if item.modifiers.polarity.is_none() => {
                let arguments = match path.segments.last().map(|segment| &segment.arguments) {
                    Some(PathArguments::AngleBracketed(arguments)) => {
                        let types = arguments.args.iter().filter_map(|argument| match argument {
                            GenericArgument::Type(of) => Some(of.clone()),
                            _ => None,
                        });
                        types.collect()
                    }
                    _ => Vec::new(),
                };
                Kind::Trait(last(path), arguments)
            }
            Some(_) => return,
            None => {
                let mut contents = Vec::new();
                self.contents(&item.items, &mut contents);
                Kind::Inherent(contents)
            }
        };
        let parameters = parameters(&item.generics);
        self.krate.implementations.push(Implementation { module: module.clone(), of, parameters, kind });
    }

    fn contents(&mut self, items: &[ImplItem], contents: &mut Vec<Content>) {
        for item in items {
            match item {
                ImplItem::Fn(function) if self.is_offered(&function.vis, &function.attrs) => {
                    contents.push(Content::Method(function.sig.ident.to_string(), signature(&function.sig)));
                }
                ImplItem::Const(constant) if self.is_offered(&constant.vis, &constant.attrs) => {
                    contents.push(Content::Constant(constant.ident.to_string()));
                }
                ImplItem::Macro(called) if self.conditions.keep(&called.attrs) => {
                    let name = last(&called.mac.path);
                    let tokens = &called.mac.tokens;
                    let inner = syn::parse2::<ItemImpl>(quote::quote!(impl Of { #tokens }));
                    match (inner, self.wrappers.get(&name)) {
                        (Ok(inner), wrapper) => {
                            let written = inner.attrs.iter().map(|attribute| &attribute.meta);
                            let wrapper = wrapper.iter().flat_map(|wrapper| &wrapper.conditions);
                            let mut conditions = wrapper.chain(written.filter(|meta| !meta.path().is_ident("doc")));
                            if conditions.all(|meta| self.conditions.holds(meta)) {
                                self.contents(&inner.items, contents);
                            }
                        }
                        (Err(_), _) => self.krate.skipped.push(name),
                    }
                }
                _ => {}
            }
        }
    }

    fn is_offered(&self, visibility: &Visibility, attributes: &[Attribute]) -> bool {
        is_public(visibility) && self.conditions.keep(attributes) && !is_hidden(attributes)
    }

    fn called_or_defined(&mut self, item: syn::ItemMacro, attributes: &[Attribute], folder: &FsPath, module: &Path) {
        if let Some(name) = item.ident {
            let exported = attributes.iter().any(|attribute| attribute.path().is_ident("macro_export"));
            if exported || self.exports {
                self.name(&Vec::new(), name.to_string(), true, attributes, What::Item(Item::Other));
            }
            let exports = item.mac.tokens.to_string().contains("macro_export");
            let wrapper = Wrapper { conditions: conditions_within(item.mac.tokens), exports };
            self.wrappers.entry(name.to_string()).or_insert(wrapper);
            return;
        }
        let name = last(&item.mac.path);
        let Ok(inner) = syn::parse2::<syn::File>(item.mac.tokens) else {
            self.krate.skipped.push(name);
            return;
        };
        let written = inner.attrs.iter().map(|attribute| &attribute.meta).filter(|meta| !meta.path().is_ident("doc"));
        let wrapper = self.wrappers.get(&name);
        let mut conditions = wrapper.iter().flat_map(|wrapper| &wrapper.conditions).chain(written);
        if conditions.all(|meta| self.conditions.holds(meta)) {
            let exports = wrapper.is_some_and(|wrapper| wrapper.exports);
            let before = std::mem::replace(&mut self.exports, exports);
            self.items(inner.items, folder, module);
            self.exports = before;
        }
    }
}

/// The conditions in a macro's definition.
fn conditions_within(tokens: proc_macro2::TokenStream) -> Vec<Meta> {
    use proc_macro2::TokenTree;
    let mut found = Vec::new();
    let mut after_hash = false;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            let attribute = after_hash.then(|| syn::parse2::<Meta>(group.stream()).ok()).flatten();
            match attribute {
                Some(Meta::List(list)) if list.path.is_ident("cfg") => {
                    found.extend(list.parse_args::<Meta>().ok());
                }
                Some(_) => {}
                None => found.extend(conditions_within(group.stream())),
            }
        }
        after_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
    }
    found
}

fn type_of(generics: &Generics, variants: Vec<String>, fields: Vec<String>) -> Item {
    let counted = generics.params.iter().filter(|parameter| !matches!(parameter, GenericParam::Lifetime(_)));
    Item::Type { parameters: counted.count(), variants, fields }
}

fn parameters(generics: &Generics) -> Vec<String> {
    generics.type_params().map(|parameter| parameter.ident.to_string()).collect()
}

fn signature(signature: &syn::Signature) -> Signature {
    let output = match &signature.output {
        syn::ReturnType::Type(_, output) => output.to_token_stream().to_string(),
        syn::ReturnType::Default => String::new(),
    };
    let is_future = output.strip_prefix("impl").is_some_and(|bounds| bounds.split('<').next() == Some(" Future "));
    Signature {
        arguments: signature.inputs.len(),
        is_unsafe: matches!(signature.safety, syn::Safety::Unsafe(_)),
        is_awaited: signature.asyncness.is_some() || is_future,
    }
}

fn last(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn attributes(item: &syn::Item) -> Vec<Attribute> {
    use syn::Item as I;
    match item {
        I::Const(item) => item.attrs.clone(),
        I::Enum(item) => item.attrs.clone(),
        I::Fn(item) => item.attrs.clone(),
        I::Impl(item) => item.attrs.clone(),
        I::Macro(item) => item.attrs.clone(),
        I::Mod(item) => item.attrs.clone(),
        I::Static(item) => item.attrs.clone(),
        I::Struct(item) => item.attrs.clone(),
        I::Trait(item) => item.attrs.clone(),
        I::Type(item) => item.attrs.clone(),
        I::Union(item) => item.attrs.clone(),
        I::Use(item) => item.attrs.clone(),
        _ => Vec::new(),
    }
}

//! What the walk finds in a made-up crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use surface::walk::World;

/// A crate of these files, in a folder of its own.
fn krate<const COUNT: usize>(name: &str, files: [(&str, &str); COUNT]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk").join(name);
    for (file, text) in files {
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    folder.join(files[0].0)
}

/// What is public in a crate of one file, compiled with the feature `on`.
fn public(name: &str, text: &str) -> Vec<String> {
    let mut world = World::default();
    world.add("made", krate(name, [("lib.rs", text)]), BTreeSet::from(["on".to_owned()]));
    assert_eq!(world.skipped(), BTreeSet::new());
    world.public("made").iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_public_is_found_and_nothing_else() {
    let text = "
        pub fn open() {}
        fn closed() {}
        pub(crate) fn inner() {}
        pub struct Point { pub x: u8, y: u8, #[doc(hidden)] pub z: u8 }
        pub enum Kind { One, #[doc(hidden)] Two }
        impl Point {
            pub const ZERO: u8 = 0;
            pub fn length(&self) -> u8 { 0 }
            fn secret(&self) {}
        }
        #[macro_export] macro_rules! shown { () => {}; }
        macro_rules! own { () => {}; }
    ";
    let expected = [
        "made::Kind",
        "made::Kind::One",
        "made::Point",
        "made::Point::ZERO",
        "made::Point::length",
        "made::Point::x",
        "made::open",
        "made::shown",
    ];
    assert_eq!(public("public", text), expected);
}

#[test]
fn what_is_not_compiled_or_not_documented_is_not_found() {
    let text = "
        #[cfg(feature = \"on\")] pub fn on() {}
        #[cfg(not(feature = \"on\"))] pub fn off() {}
        #[cfg(all(tokio_unstable, feature = \"on\"))] pub fn unstable() {}
        #[cfg(any(unix, windows))] pub fn unix() {}
        #[doc(hidden)] pub fn hidden() {}
        #[doc(hidden)] #[deprecated] pub fn former() {}
    ";
    assert_eq!(public("compiled", text), ["made::former", "made::on", "made::unix"]);
}

#[test]
fn macros_that_put_conditions_before_items_are_looked_through() {
    let text = "
        macro_rules! cfg_on { ($($item:item)*) => { $( #[cfg(feature = \"on\")] $item )* } }
        macro_rules! cfg_off { ($($item:item)*) => { $( #[cfg(feature = \"off\")] $item )* } }
        macro_rules! feature { (#![$meta:meta] $($item:item)*) => { $( #[cfg($meta)] $item )* } }
        macro_rules! exported { ($item:item) => { #[macro_export] $item } }
        cfg_on! { pub mod on { cfg_off! { pub fn off() {} } pub fn inner() {} } }
        feature! { #![not(feature = \"on\")] pub fn off() {} }
        exported! { macro_rules! shown { () => {}; } }
        pub struct Builder;
        impl Builder {
            cfg_on! { pub fn on(&self) {} }
            cfg_off! { pub fn off(&self) {} }
        }
    ";
    assert_eq!(
        public("wrapped", text),
        ["made::Builder", "made::Builder::on", "made::on", "made::on::inner", "made::shown"]
    );
}

#[test]
fn items_are_found_where_they_are_shown() {
    let text = "
        mod inner {
            pub struct Shown;
            pub struct Kept;
            impl Shown { pub fn new() -> Shown { Shown } }
            pub mod deep { pub fn far() {} }
            mod spawn { pub fn spawn() {} }
            pub use spawn::spawn;
        }
        pub use inner::{Shown as Renamed, deep::*, spawn};
        pub mod prelude { pub use super::inner::Shown; }
    ";
    let expected =
        ["made::Renamed", "made::Renamed::new", "made::far", "made::prelude", "made::prelude::Shown", "made::spawn"];
    assert_eq!(public("shown", text), expected);
}

#[test]
fn traits_are_found_with_arguments_that_mean_the_same_elsewhere() {
    let text = "
        mod inner {
            use std::time::Duration;
            struct Private;
            #[derive(Clone, Debug)] pub struct Guard<'a, T>(&'a T);
            pub struct Other<T>(T);
            impl<'a, T> From<Other<T>> for Guard<'a, T> { fn from(_: Other<T>) -> Self { todo!() } }
            impl<T> From<Private> for Other<T> { fn from(_: Private) -> Self { todo!() } }
            impl<T> std::ops::Add<Duration> for Other<T> { type Output = (); fn add(self, _: Duration) {} }
            impl<T> std::borrow::ToOwned for Other<T> {}
        }
        pub use inner::{Guard, Other};
    ";
    let expected = [
        "made::Guard",
        "made::Guard: ::core::clone::Clone",
        "made::Guard: ::core::convert::From<::made::Other<?>>",
        "made::Guard: ::core::fmt::Debug",
        "made::Other",
        "made::Other: ::core::ops::Add<::std::time::Duration>",
    ];
    let found: Vec<String> =
        public("traits", text).iter().map(|item| item.replace(' ', "").replace(":::", ": ::")).collect();
    assert_eq!(found, expected);
}

#[test]
fn files_and_other_crates_are_followed() {
    let mut world = World::default();
    let parts = krate(
        "parts",
        [("lib.rs", "pub mod queue;"), ("queue.rs", "pub mod deep;"), ("queue/deep.rs", "pub fn far() {}")],
    );
    world.add("made_parts", parts, BTreeSet::new());
    let whole = "pub use made_parts::queue; #[path = \"odd.rs\"] pub mod even; pub use unknown::Thing;";
    world.add("made", krate("whole", [("lib.rs", whole), ("odd.rs", "pub fn number() {}")]), BTreeSet::new());
    let found: Vec<String> = world.public("made").iter().map(ToString::to_string).collect();
    let expected = [
        "made::Thing",
        "made::even",
        "made::even::number",
        "made::queue",
        "made::queue::deep",
        "made::queue::deep::far",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_macro_that_is_not_understood_is_told() {
    let mut world = World::default();
    world.add("made", krate("skipped", [("lib.rs", "numbers!(u8, u16);")]), BTreeSet::new());
    assert_eq!(world.skipped(), BTreeSet::from(["made: numbers!".to_owned()]));
}

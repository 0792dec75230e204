//! Of which crates the code is that comes with a dependency: its own, and of all that it depends on, as the lock file of a kit says.

use crate::trouble::{Context, Trouble};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A lock file, as far as it matters here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// For each name that code uses, the crates that come with its package. `names` leads from packages to names.
///
/// Crates have the names of their packages here, and a package that is there in several versions is one. Both is right for all that
/// exercises use; a crate of another name would be missed, and `author verify` would say so.
///
/// # Errors
/// If it is no lock file.
pub(super) fn closures(
    lock: &str,
    names: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let lock: Lock = toml::from_str(lock).ours("cannot read the lock file of a kit")?;
    let mut direct: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &lock.package {
        // `name`, or `name version` where there are several.
        let dependencies = package.dependencies.iter().filter_map(|each| each.split(' ').next());
        direct.entry(&package.name).or_default().extend(dependencies);
    }
    let closure = |package: &str| {
        let (mut reached, mut waiting) = (BTreeSet::new(), vec![package]);
        while let Some(next) = waiting.pop() {
            if reached.insert(next.replace('-', "_")) {
                waiting.extend(direct.get(next).into_iter().flatten());
            }
        }
        reached
    };
    Ok(names.iter().map(|(package, name)| (name.clone(), closure(package))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_holds_what_is_reached_and_nothing_else() {
        let lock = r#"
            version = 4
            [[package]]
            name = "kit"
            version = "0.0.0"
            dependencies = ["harness", "serde-json"]
            [[package]]
            name = "harness"
            version = "0.1.0"
            dependencies = ["probe"]
            [[package]]
            name = "probe"
            version = "0.1.0"
            [[package]]
            name = "serde-json"
            version = "1.0.0"
            dependencies = ["serde", "itoa 1.0.0"]
            [[package]]
            name = "itoa"
            version = "1.0.0"
            dependencies = ["serde-json"]
            [[package]]
            name = "itoa"
            version = "2.0.0"
            dependencies = ["ryu"]
            [[package]]
            name = "ryu"
            version = "1.0.0"
        "#;
        let names = [("serde-json".to_owned(), "json".to_owned()), ("harness".to_owned(), "harness".to_owned())];
        let closures = closures(lock, &names.into()).unwrap();
        let of = |name: &str| closures[name].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("json"), ["itoa", "ryu", "serde", "serde_json"]);
        assert_eq!(of("harness"), ["harness", "probe"]);
    }
}

//! Packs what an installed grader carries inside: exercises, hidden tests, references, notes, and the crates that hidden tests
//! are compiled with. Only in a release build: in a clone everything is there anyway, and who edits it should not wait.

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The crates that hidden tests are compiled with, below `grader`.
const KIT: [&str; 6] = ["probe", "harness", "harness/macros", "interleave", "interleave/tokio", "interleave/crossbeam"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    let (mut bytes, mut manifest) = (Vec::new(), String::new());
    if std::env::var("PROFILE")? == "release" {
        for part in
            ["exercises", "tests", "solutions", "grader", "Cargo.toml", "Cargo.lock", "curriculum.md", "choosing.md"]
        {
            println!("cargo::rerun-if-changed={}", root.join(part).display());
        }
        (bytes, manifest) = pack(&root)?;
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    std::fs::write(out.join("bundle.tar.gz"), &bytes)?;
    std::fs::write(out.join("bundle.sha256"), manifest)?;
    println!("cargo::rustc-env=GRADER_BUNDLE={}-{:016x}", std::env::var("CARGO_PKG_VERSION")?, hasher.finish());
    Ok(())
}

/// The archive, and the list of what is in it.
fn pack(root: &Path) -> Result<(Vec<u8>, String), Box<dyn std::error::Error>> {
    let mut archive =
        Archive { files: tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best())), manifest: String::new() };
    archive.files.mode(tar::HeaderMode::Deterministic);
    let mut files: Vec<PathBuf> = ["Cargo.lock", "curriculum.md", "choosing.md"].map(PathBuf::from).to_vec();
    for part in ["exercises", "solutions", "tests"].map(PathBuf::from).into_iter().chain(kit()) {
        let walk =
            WalkDir::new(root.join(part)).sort_by_file_name().into_iter().filter_entry(|entry| is_carried(root, entry));
        for entry in walk {
            let entry = entry?;
            if entry.file_type().is_file() {
                files.push(entry.path().strip_prefix(root)?.to_owned());
            }
        }
    }
    files.sort();
    files.dedup();
    for file in files {
        if file.starts_with("grader") && file.ends_with("Cargo.toml") {
            let text = without_what_is_left_out(&std::fs::read_to_string(root.join(&file))?)?;
            archive.append(&file, text.as_bytes())?;
        } else {
            archive.append(&file, &std::fs::read(root.join(&file))?)?;
        }
    }
    for exercise in std::fs::read_dir(root.join("exercises"))? {
        let name = exercise?.file_name().into_string().map_err(|_| "a folder of exercises whose name is not text")?;
        archive.append(&Path::new("starters").join(format!("{name}.rs")), &starter(root, &name)?)?;
    }
    let manifest = workspace(&std::fs::read_to_string(root.join("Cargo.toml"))?)?;
    archive.append(Path::new("Cargo.toml"), manifest.as_bytes())?;
    Ok((archive.files.into_inner()?.finish()?, archive.manifest))
}

/// Files, and a line for each as `sha256sum` writes it: the grader holds against it what it has unpacked.
struct Archive {
    files: tar::Builder<GzEncoder<Vec<u8>>>,
    manifest: String,
}

impl Archive {
    fn append(&mut self, file: &Path, bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        self.files.append_data(&mut header, file, bytes)?;
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let name = file.to_str().ok_or("a file to be carried whose name is not text")?;
        self.manifest.push_str(&format!("{hash}  {name}\n"));
        Ok(())
    }
}

fn kit() -> impl Iterator<Item = PathBuf> {
    KIT.into_iter().map(|folder| Path::new("grader").join(folder))
}

/// The starter of an exercise. The file in `exercises` may hold somebody's solution: Git has the starter under the name in
/// `checks.toml`. Without Git, what is there is taken.
fn starter(root: &Path, exercise: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let settings: toml::Table =
        toml::from_str(&std::fs::read_to_string(root.join("tests").join(exercise).join("checks.toml"))?)?;
    let id = settings.get("starter").and_then(toml::Value::as_str).ok_or("checks.toml names no starter")?;
    let output = std::process::Command::new("git").arg("-C").arg(root).args(["cat-file", "blob", id]).output();
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        _ => {
            println!(
                "cargo::warning=Git does not have the starter of {exercise}; the file in exercises is taken for it"
            );
            Ok(std::fs::read(root.join("exercises").join(exercise).join("src/lib.rs"))?)
        }
    }
}

/// Leaves out what is for those who write exercises or work on the grader, and the learner's own files: starters are carried
/// apart.
fn is_carried(root: &Path, entry: &DirEntry) -> bool {
    let name = entry.file_name().to_str().unwrap_or_default();
    let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let below = |top: &str| path.starts_with(top);
    match name {
        "target" | "benches" | "examples" | "compile_messages" => false,
        "src" => !below("exercises"),
        "tests" => !below("grader"),
        "accepted" | "rejected" => !below("tests"),
        _ => !name.ends_with(".pending-snap") && !name.ends_with(".snap.new"),
    }
}

/// The root manifest with those members that are carried.
fn workspace(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut manifest: toml::Table = toml::from_str(text)?;
    let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut).ok_or("no [workspace]")?;
    let members: Vec<String> = kit().map(|path| path.display().to_string()).collect();
    workspace.insert("members".into(), members.into());
    workspace.remove("default-members");
    Ok(toml::to_string(&manifest)?)
}

/// A manifest without benches, tests and what only they need.
fn without_what_is_left_out(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut manifest: toml::Table = toml::from_str(text)?;
    for table in ["bench", "test", "example", "dev-dependencies"] {
        manifest.remove(table);
    }
    Ok(toml::to_string(&manifest)?)
}

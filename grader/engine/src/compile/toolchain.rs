//! Finds the compiler itself, past rustup's proxy: the proxy costs 30 ms a call, which is a third of a compilation.

use crate::trouble::{Context, Trouble, make_folder, read, write};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// A compiler and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Toolchain {
    /// The real `rustc`.
    pub rustc: PathBuf,
    /// The `cargo` beside it, or the one on the path.
    pub cargo: PathBuf,
    /// Where its standard library is.
    #[serde(default)]
    pub sysroot: PathBuf,
    /// A folder with a link `ld.lld` to the linker that comes with the toolchain, if there is one. The toolchain's own
    /// (`gcc-ld/ld.lld`) finds it through `/proc`, which a confined compiler does not have.
    #[serde(default)]
    pub linker: Option<PathBuf>,
    /// What `rustc -V` prints.
    pub version: String,
    /// What was looked at to find it; when this changes, it is looked for again.
    made_from: String,
}

impl Toolchain {
    /// Finds the toolchain that a build in `root` would use. Remembers the answer in `folder`.
    ///
    /// # Errors
    /// If there is no compiler.
    pub fn find(root: &Path, folder: &Path) -> Result<Toolchain, Trouble> {
        let memory = folder.join("toolchain.json");
        let proxy = on_path("rustc").ok_or_else(|| {
            Trouble::Ours(
                "there is no Rust compiler: `rustc` is not on the PATH; install it from https://rustup.rs".into(),
            )
        })?;
        if let Some(known) = read(&memory).ok().and_then(|text| serde_json::from_str::<Toolchain>(&text).ok())
            && known.sysroot.is_dir()
            && known.linker.as_ref().is_none_or(|folder| folder.join("ld.lld").is_file())
            && known.made_from == fingerprint(root, &proxy, &known.rustc)
        {
            return Ok(known);
        }
        let ask = |program: &Path, arguments: &[&str]| -> Result<String, Trouble> {
            let output = Command::new(program).args(arguments).current_dir(root).output();
            let output = output.ours(format_args!("cannot run {}", program.display()))?;
            if !output.status.success() {
                let words = String::from_utf8_lossy(&output.stderr);
                return Err(Trouble::Ours(format!("{} does not work: {}", program.display(), first_paragraph(&words))));
            }
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let sysroot = PathBuf::from(ask(&proxy, &["--print", "sysroot"])?);
        let real = |name: &str| Some(sysroot.join("bin").join(name)).filter(|path| path.is_file());
        let rustc = real("rustc").unwrap_or_else(|| proxy.clone());
        let cargo = real("cargo").or_else(|| on_path("cargo")).unwrap_or_else(|| "cargo".into());
        let version = ask(&rustc, &["-V"])?;
        let made_from = fingerprint(root, &proxy, &rustc);
        let linker = linker(&sysroot, folder)?;
        let found = Toolchain { rustc, cargo, sysroot, linker, version, made_from };
        write(&memory, &serde_json::to_string_pretty(&found).ours("cannot write JSON")?)?;
        Ok(found)
    }
}

/// Makes the folder with the linker.
fn linker(sysroot: &Path, folder: &Path) -> Result<Option<PathBuf>, Trouble> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let tools = sysroot.join("lib/rustlib").join(target).join("bin");
    let real = tools.join("rust-lld");
    // Where the toolchain does not come with the usual wrapper, `rustc` does not link by `lld` either.
    if !tools.join("gcc-ld/ld.lld").is_file() || !real.is_file() {
        return Ok(None);
    }
    let folder = folder.join("linker");
    make_folder(&folder)?;
    let link = folder.join("ld.lld");
    if std::fs::read_link(&link).ok().as_ref() != Some(&real) {
        let made = folder.join(format!("ld.lld-{}", std::process::id()));
        std::os::unix::fs::symlink(&real, &made).ours(format_args!("cannot write in {}", folder.display()))?;
        std::fs::rename(&made, &link).ours(format_args!("cannot write in {}", folder.display()))?;
    }
    Ok(Some(folder))
}

/// What a program says before it goes into where it happened (rustup appends a backtrace of itself).
fn first_paragraph(words: &str) -> &str {
    let words = words.trim();
    words.split_once("\n\n").map_or(words, |(first, _)| first)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Everything that decides which compiler is used, and whether it is still the same one.
fn fingerprint(root: &Path, proxy: &Path, rustc: &Path) -> String {
    let changed = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!("{}:{}.{}", metadata.len(), since.as_secs(), since.subsec_nanos()))
    };
    let wanted = std::env::var("RUSTUP_TOOLCHAIN").unwrap_or_default();
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".rustup"))).unwrap_or_default();
    let files =
        [proxy, rustc, &home.join("settings.toml"), &root.join("rust-toolchain.toml"), &root.join("rust-toolchain")];
    let files: Vec<String> = files.iter().map(|file| changed(file).unwrap_or_default()).collect();
    format!("{wanted} {} {}", proxy.display(), files.join(" "))
}

#[cfg(test)]
mod tests {
    use super::first_paragraph;

    #[test]
    fn a_backtrace_is_no_part_of_what_is_wrong() {
        assert_eq!(
            first_paragraph("\nerror: none\nhelp: get one\n\nStack backtrace:\n 0: main\n"),
            "error: none\nhelp: get one"
        );
        assert_eq!(first_paragraph("error: none\n"), "error: none");
    }
}

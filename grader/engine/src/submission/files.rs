//! The files of a submission, read once: its root and the modules that it declares. What is compiled, judged by rules and shown in a
//! report is what stands here, whatever becomes of the files on the disk meanwhile.
//!
//! Only regular files are read, and only those that lie below the root's folder without a symbolic link on the way. A link could name
//! the reference, a fifo would never end, a device can be anything.

use super::Source;
use crate::syntax;
use crate::syntax::modules::Declared;
use crate::trouble::{Context, Trouble, make_folder};
use std::fs::{FileType, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// No more files are read.
const MOST_FILES: usize = 200;

/// No file may be longer, in bytes. To parse takes some fifty times as much memory.
const LONGEST: usize = 1 << 20;

/// Nor all of them together, in bytes.
const LONGEST_TOGETHER: usize = 4 << 20;

/// The files of one submission.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The folder of the root file, absolute and without links.
    folder: PathBuf,
    /// The root file first.
    files: Vec<SubmittedFile>,
    refused: Vec<Refused>,
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct SubmittedFile {
    /// Where it was read, absolute.
    pub(crate) path: PathBuf,
    /// The same, from the root's folder.
    inside: PathBuf,
    /// The modules that lead to it from the crate's root.
    pub(crate) module: Vec<String>,
    bytes: Vec<u8>,
}

/// A file that is not read, and why.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The file that could not be read, absolute.
    pub(crate) path: PathBuf,
    /// What is wrong, as the second half of a sentence that begins with the file's name.
    pub(crate) why: String,
    /// The file and line that ask for it. The root is asked for by nobody.
    pub(crate) declared: Option<(PathBuf, u32)>,
}

impl SubmittedFile {
    /// The text; `None` if it is none.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The text, with signs of replacement where it is none.
    pub(crate) fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// A file that is still to be read.
struct Wanted {
    inside: PathBuf,
    /// The folder in which its modules are looked for.
    below: PathBuf,
    module: Vec<String>,
    declared: Option<(PathBuf, u32)>,
}

impl Files {
    /// Reads the root file and what it declares.
    ///
    /// # Errors
    /// If there is no root file. What else is wrong with the files is told by [`Files::refused`].
    pub(crate) fn read(source: &Source) -> Result<Files, Trouble> {
        let missing = || Trouble::Usage(format!("cannot read {}: there is no such file", source.root.display()));
        let folder = source.root.parent().ok_or_else(missing)?.to_owned();
        let inside = PathBuf::from(source.root.file_name().ok_or_else(missing)?);
        if inside.to_string_lossy().contains(char::is_control) {
            // The compiler's list of what it read has a line for each file.
            return Err(Trouble::Usage(format!(
                "the file name {} has a control character; rename it",
                inside.display()
            )));
        }
        let mut all = Files { folder, files: Vec::new(), refused: Vec::new() };
        // The tokens of a file are forgotten with the thread that has read them.
        syntax::on_a_deep_stack(|| {
            let root = Wanted { inside, below: PathBuf::new(), module: Vec::new(), declared: None };
            all.read_tree(root);
            Ok(())
        })?;
        if all.files.is_empty() && all.refused.is_empty() {
            return Err(missing());
        }
        Ok(all)
    }

    fn read_tree(&mut self, root: Wanted) {
        let mut waiting = std::collections::VecDeque::from([root]);
        let mut bytes = 0;
        while let Some(wanted) = waiting.pop_front() {
            if self.files.iter().any(|file| file.inside == wanted.inside) {
                continue;
            }
            let path = self.folder.join(&wanted.inside);
            let read = match self.files.len() {
                MOST_FILES if std::fs::symlink_metadata(&path).is_ok() => {
                    Err(format!("is one file too many: a submission has at most {MOST_FILES}"))
                }
                _ => read_regular(&self.folder, &wanted.inside, LONGEST_TOGETHER - bytes),
            };
            match read {
                Ok(Some(content)) => {
                    bytes += content.len();
                    let file = SubmittedFile { path, inside: wanted.inside, module: wanted.module, bytes: content };
                    let declared = file.text().map(syntax::modules::declared).unwrap_or_default();
                    waiting.extend(declared.into_iter().flat_map(|each| candidates(&file, &wanted.below, each)));
                    self.files.push(file);
                }
                // The compiler says which module has no file, and where it would have to be.
                Ok(None) => {}
                Err(why) => {
                    self.refused.push(Refused { path, why, declared: wanted.declared });
                    if self.files.len() == MOST_FILES {
                        // One that is too many says it for all.
                        return;
                    }
                }
            }
        }
    }

    /// The files, the root first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SubmittedFile> {
        self.files.iter()
    }

    /// What could not be read, other than files that are not there. A submission of which something is refused is not compiled.
    pub(crate) fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The text of the root file; empty if it is none.
    pub(crate) fn root(&self) -> &str {
        self.files.first().and_then(SubmittedFile::text).unwrap_or_default()
    }

    /// The folder of the root file, where the user has it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the files to a folder and returns the copies, the root first.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(crate) fn write_to(&self, folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
        let write = |file: &SubmittedFile| {
            let copy = folder.join(&file.inside);
            make_folder(copy.parent().unwrap_or(folder))?;
            std::fs::write(&copy, &file.bytes).ours(format_args!("cannot write {}", copy.display()))?;
            Ok(copy)
        };
        self.files.iter().map(write).collect()
    }

    /// The first file whose copy in a folder is not what was written there.
    pub(crate) fn changed_in(&self, folder: &Path) -> Option<&SubmittedFile> {
        self.files.iter().find(|file| std::fs::read(folder.join(&file.inside)).ok().as_ref() != Some(&file.bytes))
    }
}

/// Where Rust looks for the file of a module.
fn candidates(file: &SubmittedFile, below: &Path, declared: Declared) -> [Wanted; 2] {
    let folder = below.join(&declared.within);
    let inner = folder.join(&declared.name);
    let within = declared.within.iter().map(|part| part.to_string_lossy().into_owned());
    let module: Vec<String> = file.module.iter().cloned().chain(within).chain([declared.name.clone()]).collect();
    let wanted = |inside: PathBuf| Wanted {
        inside,
        below: inner.clone(),
        module: module.clone(),
        declared: Some((file.path.clone(), declared.line)),
    };
    [wanted(folder.join(format!("{}.rs", declared.name))), wanted(inner.join("mod.rs"))]
}

/// The content of a file; `None` if there is none. Opens nothing but a regular file, and waits for nothing.
fn read_regular(folder: &Path, inside: &Path, room: usize) -> Result<Option<Vec<u8>>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let is_missing = |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    for above in inside.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
        if std::fs::symlink_metadata(folder.join(above)).is_ok_and(|found| found.is_symlink()) {
            return Err(format!("lies behind the symbolic link {}; put a real folder in its place", above.display()));
        }
    }
    let path = folder.join(inside);
    match std::fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => return Err(irregular(found.file_type())),
        Ok(_) => {}
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(cannot(error)),
    }
    // Whatever takes its place from here on is not followed, not waited for, and not read.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&path).map_err(cannot)?;
    let found = file.metadata().map_err(cannot)?;
    if !found.is_file() {
        return Err(irregular(found.file_type()));
    }
    if std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok().as_ref() != Some(&path) {
        return Err("was moved or replaced while it was read; leave it alone and grade again".to_owned());
    }
    let mut content = Vec::new();
    file.take(LONGEST.min(room) as u64 + 1).read_to_end(&mut content).map_err(cannot)?;
    if content.len() > LONGEST {
        return Err(format!("is longer than {} KiB, more than a submission's file may have", LONGEST >> 10));
    }
    if content.len() > room {
        return Err(format!(
            "makes the submission longer than {} KiB in all, the most it may have",
            LONGEST_TOGETHER >> 10
        ));
    }
    Ok(Some(content))
}

/// What is in the place of a regular file.
fn irregular(kind: FileType) -> String {
    let what = match kind {
        _ if kind.is_symlink() => "a symbolic link",
        _ if kind.is_dir() => "a folder",
        _ if kind.is_fifo() => "a fifo",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    format!("is {what}, not a file; put a real file in its place")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use verdict::Origin;

    fn read(folder: &Path) -> Files {
        Files::read(&Source::file(Origin::Submitted, &folder.join("lib.rs")).unwrap()).unwrap()
    }

    fn with_root(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lib.rs"), text).unwrap();
        folder
    }

    fn fifo(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// The only refusal, as a sentence.
    fn refusal(folder: &Path) -> String {
        let files = read(folder);
        let [one] = files.refused() else { panic!("{files:?}") };
        format!("{} {}", one.path.file_name().unwrap().display(), one.why)
    }

    #[test]
    fn every_module_is_read_where_rust_looks_for_it() {
        let folder = with_root("mod a; mod r#async; mod inline { mod deep; }\n#[cfg(test)] mod missing;");
        let write = |inside: &str, text: &str| {
            let path = folder.path().join(inside);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("a.rs", "mod b;");
        write("a/b/mod.rs", "mod c;");
        write("a/b/c.rs", "");
        write("async.rs", "");
        write("inline/deep.rs", "");
        write("stray.rs", "mod other;");
        let files = read(folder.path());
        let mut modules: Vec<String> = files.iter().map(|file| file.module.join("::")).collect();
        modules.sort();
        assert_eq!(modules, ["", "a", "a::b", "a::b::c", "async", "inline::deep"]);
        assert!(files.refused().is_empty());
    }

    #[test]
    fn what_is_written_is_what_was_read_even_if_the_files_change() {
        let folder = with_root("mod a;");
        std::fs::write(folder.path().join("a.rs"), "// one").unwrap();
        let files = read(folder.path());
        std::fs::write(folder.path().join("a.rs"), "// two").unwrap();
        let copy = tempfile::tempdir().unwrap();
        let written = files.write_to(copy.path()).unwrap();
        assert_eq!(written, [copy.path().join("lib.rs"), copy.path().join("a.rs")]);
        assert_eq!(std::fs::read_to_string(copy.path().join("a.rs")).unwrap(), "// one");
        assert!(files.changed_in(copy.path()).is_none());
        std::fs::write(copy.path().join("a.rs"), "// two").unwrap();
        assert_eq!(files.changed_in(copy.path()).unwrap().path, folder.path().canonicalize().unwrap().join("a.rs"));
    }

    #[test]
    fn nothing_but_a_regular_file_is_read() {
        let folder = with_root("mod a;");
        let a = folder.path().join("a.rs");
        symlink("/etc/passwd", &a).unwrap();
        assert_eq!(refusal(folder.path()), "a.rs is a symbolic link, not a file; put a real file in its place");
        std::fs::remove_file(&a).unwrap();
        fifo(&a);
        assert_eq!(refusal(folder.path()), "a.rs is a fifo, not a file; put a real file in its place");
        std::fs::remove_file(&a).unwrap();
        std::fs::create_dir(&a).unwrap();
        assert_eq!(refusal(folder.path()), "a.rs is a folder, not a file; put a real file in its place");
        std::fs::remove_dir(&a).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&a).unwrap();
        assert_eq!(refusal(folder.path()), "a.rs is a socket, not a file; put a real file in its place");
    }

    #[test]
    fn a_root_that_is_no_file_is_refused() {
        for make in [|path: &Path| symlink("/dev/zero", path).unwrap(), fifo] {
            let folder = tempfile::tempdir().unwrap();
            make(&folder.path().join("lib.rs"));
            assert!(refusal(folder.path()).contains("put a real file in its place"));
        }
    }

    #[test]
    fn a_link_to_a_folder_is_not_followed() {
        let (folder, elsewhere) = (with_root("mod a { mod b; }"), tempfile::tempdir().unwrap());
        std::fs::write(elsewhere.path().join("b.rs"), "").unwrap();
        symlink(elsewhere.path(), folder.path().join("a")).unwrap();
        let files = read(folder.path());
        assert_eq!(files.iter().count(), 1);
        assert!(files.refused().iter().all(|each| each.why.contains("behind the symbolic link a;")), "{files:?}");
        assert_eq!(files.refused()[0].declared.as_ref().unwrap().1, 1);
    }

    #[test]
    fn a_name_of_two_lines_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a\nb.rs");
        std::fs::write(&root, "").unwrap();
        let refused = Files::read(&Source::file(Origin::Submitted, &root).unwrap()).unwrap_err();
        assert!(refused.to_string().contains("control character; rename it"), "{refused}");
    }

    #[test]
    fn there_are_limits() {
        let folder = with_root(&"//".repeat(LONGEST));
        assert!(refusal(folder.path()).contains("longer than 1024 KiB"));
        let declared: String = (0..5).map(|n| format!("mod m{n};")).collect();
        let folder = with_root(&declared);
        for n in 0..5 {
            std::fs::write(folder.path().join(format!("m{n}.rs")), " ".repeat(LONGEST)).unwrap();
        }
        assert!(read(folder.path()).refused()[0].why.contains("longer than 4096 KiB in all"));
        let declared: String = (0..MOST_FILES + 50).map(|n| format!("mod m{n};")).collect();
        let folder = with_root(&declared);
        for n in 0..MOST_FILES + 50 {
            std::fs::write(folder.path().join(format!("m{n}.rs")), "").unwrap();
        }
        assert_eq!(refusal(folder.path()), "m199.rs is one file too many: a submission has at most 200");
    }
}

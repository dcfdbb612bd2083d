//! The folder of recordings: who may read it, how large it gets, and what is removed first.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::clock::iso8601_millis;

/// The end of the names of recordings.
pub const EXTENSION: &str = "jsonl";
/// The folder of artifacts in the folder of recordings.
pub const ARTIFACTS: &str = "artifacts";
/// Of so many files the newest is the one that is written: the size of one is this part of the whole.
const SHARES: u64 = 4;

/// A folder of recordings.
pub(super) struct Folder {
    path: PathBuf,
    size_max: u64,
    current: Option<(PathBuf, File)>,
    /// The size of everything else than the file that is written.
    others: u64,
    written: u64,
    kept: BTreeSet<String>,
}

impl Folder {
    /// Opens a folder, makes it if there is none, and lets nobody else look into it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn open(path: &Path, size_max: u64) -> io::Result<Self> {
        let artifacts = path.join(ARTIFACTS);
        DirBuilder::new().recursive(true).mode(0o700).create(&artifacts)?;
        for folder in [path, &artifacts] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        let kept = names(&artifacts)?;
        Ok(Self { path: path.to_owned(), size_max, current: None, others: 0, written: 0, kept })
    }

    /// Begins a file, after the oldest were removed so that there is room for it. `wall` in nanoseconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn begin(&mut self, wall: i64) -> io::Result<()> {
        self.current = None;
        self.written = 0;
        self.make_room(self.share())?;
        let moment = iso8601_millis(wall).replace(':', "-");
        for number in 0..1000 {
            let path = self.path.join(format!("{moment}-{number:03}.{EXTENSION}"));
            match OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    self.current = Some((path, file));
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no free name for a recording"))
    }

    /// Appends whole lines in one write: a crash leaves at most the last one cut off.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn append(&mut self, lines: &str) -> io::Result<()> {
        let Some((_, file)) = &mut self.current else { return Ok(()) };
        file.write_all(lines.as_bytes())?;
        self.written += lines.len() as u64;
        if self.others + self.written > self.size_max {
            self.make_room(0)?;
        }
        Ok(())
    }

    /// Keeps an artifact, once.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn keep(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.kept.contains(name) {
            return Ok(());
        }
        let path = self.path.join(ARTIFACTS).join(name);
        let part = path.with_extension("part");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        fs::rename(&part, &path)?;
        self.kept.insert(name.to_owned());
        self.others += bytes.len() as u64;
        Ok(())
    }

    /// Whether the file has the size at which another one should begin.
    pub(super) fn is_full(&self) -> bool {
        self.written > self.share()
    }

    /// Whether no more fits into the file.
    pub(super) fn is_overfull(&self) -> bool {
        self.written > 2 * self.share()
    }

    /// Ends the file.
    pub(super) fn close(&mut self) {
        self.current = None;
    }

    fn share(&self) -> u64 {
        self.size_max / SHARES
    }

    /// Removes the oldest files, and artifacts that none of the others names, until so much more fits.
    fn make_room(&mut self, needed: u64) -> io::Result<()> {
        let current = self.current.as_ref().map(|(path, _)| path.clone());
        let mut recordings = recordings(&self.path)?;
        recordings.retain(|path| Some(path) != current.as_ref());
        let mut recordings = std::collections::VecDeque::from(recordings);
        self.others = self.size(recordings.iter())?;
        while self.others + self.written + needed > self.size_max {
            let Some(oldest) = recordings.pop_front() else { break };
            fs::remove_file(oldest)?;
            self.drop_artifacts(recordings.iter().chain(&current))?;
            self.others = self.size(recordings.iter())?;
        }
        Ok(())
    }

    fn drop_artifacts<'a>(&mut self, files: impl Iterator<Item = &'a PathBuf>) -> io::Result<()> {
        let mut named = BTreeSet::new();
        for file in files {
            let text = fs::read_to_string(file)?;
            named.extend(self.kept.iter().filter(|name| text.contains(name.as_str())).cloned());
        }
        for name in self.kept.difference(&named) {
            fs::remove_file(self.path.join(ARTIFACTS).join(name))?;
        }
        self.kept = named;
        Ok(())
    }

    fn size<'a>(&self, files: impl Iterator<Item = &'a PathBuf>) -> io::Result<u64> {
        let artifacts = self.kept.iter().map(|name| self.path.join(ARTIFACTS).join(name));
        files.cloned().chain(artifacts).try_fold(0, |sum, path| Ok(sum + fs::metadata(path)?.len()))
    }
}

/// The recordings in a folder, the oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn recordings(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::scratch::Scratch;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_reads_it() {
        let scratch = Scratch::new("record-modes");
        let path = scratch.path("deep/folder");
        let mut folder = Folder::open(&path, 1000).unwrap();
        folder.begin(0).unwrap();
        folder.append("{}\n").unwrap();
        folder.keep("abc", b"bytes").unwrap();
        assert_eq!((mode(&path), mode(&path.join(ARTIFACTS))), (0o700, 0o700));
        let file = recordings(&path).unwrap().remove(0);
        assert_eq!((mode(&file), mode(&path.join(ARTIFACTS).join("abc"))), (0o600, 0o600));
    }

    #[test]
    fn the_oldest_are_removed_with_their_artifacts() {
        let scratch = Scratch::new("record-bound");
        let path = scratch.path("");
        let mut folder = Folder::open(&path, 400).unwrap();
        for number in 0..10 {
            folder.begin(number * 1_000_000_000).unwrap();
            folder.keep(&format!("name{number}"), &[0; 20]).unwrap();
            assert!(!folder.is_full());
            folder.append(&format!("name{number} {}\n", "x".repeat(110))).unwrap();
            assert!(folder.is_full() && !folder.is_overfull());
        }
        let files = recordings(&path).unwrap();
        assert!((2..4).contains(&files.len()), "{files:?}");
        assert!(
            files.last().unwrap().to_string_lossy().contains("1970-01-01T00-00-09.000Z-000"),
            "{files:?}"
        );
        let kept = names(&path.join(ARTIFACTS)).unwrap();
        assert_eq!(kept.len(), files.len(), "{kept:?}");
        assert!(kept.contains("name9") && !kept.contains("name0"));
    }
}

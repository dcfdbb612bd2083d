//! A replay as a page: one file that needs nothing else, with the timeline as data in it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::entry::{Entry, Lane};
use super::play::Divergence;
use crate::clock::iso8601_millis;
use crate::record::Header;

const FRAME: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page shows.
#[derive(Debug, Default, Serialize)]
pub(super) struct Page {
    title: String,
    recordings: Vec<Value>,
    /// Wall clock of the first recording's start, milliseconds since the Unix epoch.
    began: i64,
    verdict: Value,
    notes: Vec<String>,
    entries: Vec<Value>,
    #[serde(skip)]
    offset: i64,
}

impl Page {
    /// Another recording begins.
    pub(super) fn begin(&mut self, name: &str, header: &Header) {
        let wall = header.began.wall / 1_000_000;
        if self.recordings.is_empty() {
            self.began = wall;
            name.clone_into(&mut self.title);
        }
        self.offset = (wall - self.began).max(0);
        self.recordings.push(json!({
            "name": name, "command": header.command, "pilothouse": header.pilothouse,
            "began": iso8601_millis(header.began.wall), "flags": header.flags,
        }));
    }

    /// Something happens.
    pub(super) fn add(&mut self, entry: Entry) {
        let kind = match entry.lane {
            Lane::Condition => "Condition".to_owned(),
            Lane::Storage => "Stored".to_owned(),
            _ => entry.kind,
        };
        self.entries.push(json!({
            // In milliseconds, with three digits behind the point: more do not fit onto any screen.
            "t": self.offset as f64 + (entry.at / 1000) as f64 / 1000.0,
            "l": entry.lane.name(),
            "k": kind,
            "r": entry.release.map(|release| release.to_string()),
            "s": entry.text,
            "p": entry.phase,
            "d": entry.detail,
        }));
    }

    /// A remark in the recording.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// The recording was played to its end.
    pub(super) fn equal(&mut self, steps: u64, actions: u64) {
        self.verdict = json!({"equal": true, "text": format!("equal: {steps} inputs led to the same {actions} actions")});
    }

    /// It was not.
    pub(super) fn diverged(&mut self, at: u64, divergence: &Divergence) {
        let differences: Vec<Value> = divergence
            .differences
            .iter()
            .map(|one| json!({"path": one.path, "expected": one.expected, "got": one.got}))
            .collect();
        self.verdict = json!({
            "equal": false, "t": self.offset as f64 + (at / 1000) as f64 / 1000.0,
            "text": format!("diverged at action {}", divergence.at + 1), "differences": differences,
        });
    }
}

/// The file of a page.
pub(super) struct PageFile(BufWriter<File>);

impl PageFile {
    /// Makes the file.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::new(File::create(path)?)))
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn write(&mut self, page: &Page) -> io::Result<()> {
        self.0.write_all(html(page)?.as_bytes())?;
        self.0.flush()
    }
}

fn html(page: &Page) -> serde_json::Result<String> {
    let data = embedded(&serde_json::to_string(page)?);
    // The data comes last: what stands in it is looked into for no mark.
    Ok(FRAME.replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT).replace("/*DATA*/", &data))
}

/// JSON that ends no element and begins no comment of HTML.
fn embedded(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stands_alone_and_data_stays_data() {
        let mut page = Page::default();
        let hostile = "</script><script>alert(1)</script><!-- /*DATA*/ /*SCRIPT*/";
        page.add(Entry {
            at: 1_234_567,
            lane: Lane::Fault,
            kind: "Reply".to_owned(),
            release: None,
            text: hostile.to_owned(),
            phase: String::new(),
            detail: json!({"a": hostile}),
        });
        page.equal(1, 2);
        let html = html(&page).unwrap();
        assert!(!html.contains("alert(1)</script>") && html.contains("\\u003cscript\\u003ealert(1)"));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert_eq!(html.matches("<script").count(), 2);
        let begin = html.find("type=\"application/json\">").unwrap() + "type=\"application/json\">".len();
        let end = begin + html[begin..].find("</script>").unwrap();
        let data: Value = serde_json::from_str(&html[begin..end]).unwrap();
        assert_eq!(data["entries"][0]["s"], hostile);
        assert_eq!(data["entries"][0]["t"], 1.234);
        for mark in ["/*STYLE*/", "{{"] {
            assert!(!html.contains(mark), "{mark}");
        }
    }
}

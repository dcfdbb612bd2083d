//! The memory of the process as a text, from `/proc/self/status` and `/proc/self/smaps` (proc(5)).

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::proc;

/// What the kernel counts for the whole process, and what it is.
const FIELDS: [(&str, &str); 6] = [
    ("VmRSS", "resident"),
    ("RssAnon", "of it the process' own"),
    ("RssFile", "of it pages of files, which the kernel can drop"),
    ("VmHWM", "the most that was ever resident"),
    ("VmSize", "address space"),
    ("VmSwap", "swapped out"),
];

/// The page.
pub(super) fn page() -> String {
    shown(&proc::file("status"), &proc::file("smaps"))
}

/// Kibibytes of what is mapped in one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mapped {
    resident: u64,
    own: u64,
    size: u64,
}

// Writing to a String cannot fail.
fn shown(status: &str, smaps: &str) -> String {
    let mut text = String::from("Memory in KiB, as the kernel counts it; no profile of allocations.\n\n");
    if status.is_empty() {
        text.push_str("Unknown: there is no /proc here.\n");
        return text;
    }
    for (name, meaning) in FIELDS {
        if let Some(value) = field(status, name) {
            let _ = writeln!(text, "{value:>10}  {name}: {meaning}");
        }
    }
    let mut mapped: Vec<_> = mappings(smaps).into_iter().collect();
    mapped.sort_by_key(|(_, mapped)| std::cmp::Reverse(mapped.resident));
    text.push_str(
        "\n  resident         own      mapped  what, and whether it is read (r), written (w), run (x)\n",
    );
    for ((name, rights), Mapped { resident, own, size }) in mapped {
        let _ = writeln!(text, "{resident:>10}  {own:>10}  {size:>10}  {name} {rights}");
    }
    text
}

/// The mappings by what is mapped and how.
fn mappings(smaps: &str) -> BTreeMap<(String, String), Mapped> {
    let mut all: BTreeMap<(String, String), Mapped> = BTreeMap::new();
    let mut current = None;
    for line in smaps.lines() {
        if let Some(head) = head(line) {
            current = Some(head);
            continue;
        }
        let Some(mapped) = current.clone().map(|head| all.entry(head).or_default()) else { continue };
        let part = match line.split(':').next() {
            Some("Rss") => &mut mapped.resident,
            Some("Anonymous") => &mut mapped.own,
            Some("Size") => &mut mapped.size,
            _ => continue,
        };
        *part += kibibytes(line).unwrap_or_default();
    }
    all
}

/// Name and rights, of the line that begins a mapping: `00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/x`.
fn head(line: &str) -> Option<(String, String)> {
    let mut columns = line.split_ascii_whitespace();
    let (range, rights) = (columns.next()?, columns.next()?);
    if range.ends_with(':') || !range.contains('-') {
        return None;
    }
    let name = columns.skip(3).collect::<Vec<_>>().join(" ");
    let name = if name.is_empty() { "[anonymous]".to_owned() } else { name };
    Some((name, rights.trim_end_matches(['p', 's']).to_owned()))
}

fn field(status: &str, name: &str) -> Option<u64> {
    kibibytes(status.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))?)
}

/// Of a line such as `Rss:   892 kB`.
fn kibibytes(line: &str) -> Option<u64> {
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/x y
Size:                328 kB
Rss:                 100 kB
Anonymous:             4 kB
VmFlags: rd ex
00460000-00470000 r-xp 00060000 08:02 173521 /usr/bin/x y
Size:                 64 kB
Rss:                   8 kB
Anonymous:             0 kB
7f00-7f10 rw-p 00000000 00:00 0
Size:                 12 kB
Rss:                   9 kB
Anonymous:             9 kB
";

    #[test]
    fn mappings_of_a_kind_are_added_and_the_largest_comes_first() {
        let text = shown("Name:\tx\nVmRSS:\t     117 kB\nVmSize:\t     404 kB\n", SMAPS);
        assert!(text.contains("       117  VmRSS: resident\n       404  VmSize: address space\n"), "{text}");
        let rows = "       108           4         392  /usr/bin/x y r-x\n         9           9          12  [anonymous] rw-\n";
        assert!(text.ends_with(rows), "{text}");
    }

    #[test]
    fn without_proc_that_is_said() {
        assert!(shown("", "").ends_with("there is no /proc here.\n"));
    }

    /// The parts are all of what is resident, whatever a process maps.
    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_shown() {
        let resident: u64 = mappings(&proc::file("smaps")).values().map(|mapped| mapped.resident).sum();
        let counted = field(&proc::file("status"), "VmRSS").unwrap();
        assert!(resident.abs_diff(counted) * 5 < counted, "{resident} {counted}");
    }
}

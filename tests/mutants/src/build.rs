//! Building the copy with all mutants in it, but for those that do not build.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::Failure;
use crate::list::Mutant;
use crate::switch::blamed;
use crate::tree::Tree;

/// The packages whose tests are run: those with mutants, and those that play scenarios and simulate.
const TESTED: [&str; 6] = [
    "pilothouse-release",
    "pilothouse-reconcile",
    "pilothouse-operator",
    "pilothouse-io-sim",
    "pilothouse-tests",
    "pilothouse",
];

/// A test program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The folder of its package, in which it runs.
    pub(crate) folder: PathBuf,
}

/// The test programs, and the mutants that could not be built.
pub(crate) struct Built {
    pub(crate) programs: Vec<Program>,
    pub(crate) unbuilt: BTreeSet<u32>,
}

/// Builds until nothing is wrong any more, each time without the mutants that the compiler has refused, now or in an earlier
/// run.
///
/// # Errors
///
/// When what remains does not build without any mutant to blame.
pub(crate) fn build(tree: &Tree, mutants: &[Mutant]) -> Result<Built, Failure> {
    let record = tree.beside("unbuilt.txt");
    let known = std::fs::read_to_string(&record).unwrap_or_default();
    let names: BTreeSet<&str> = known.lines().collect();
    let of_names = |(id, mutant): (u32, &Mutant)| names.contains(&*mutant.name).then_some(id);
    let mut unbuilt: BTreeSet<u32> = (0..).zip(mutants).filter_map(of_names).collect();
    loop {
        unbuilt.extend(tree.mutate(mutants, &unbuilt)?);
        let output = cargo(tree).output()?;
        let messages: Vec<Value> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        if output.status.success() {
            let is_unbuilt = |(id, _): &(u32, &Mutant)| unbuilt.contains(id);
            let unbuilt_names = (0..).zip(mutants).filter(is_unbuilt).map(|(_, mutant)| &*mutant.name);
            let all: BTreeSet<&str> = names.iter().copied().chain(unbuilt_names).collect();
            std::fs::write(&record, all.into_iter().collect::<Vec<_>>().join("\n"))?;
            return Ok(Built { programs: messages.iter().filter_map(program).collect(), unbuilt });
        }
        let before = unbuilt.len();
        for message in &messages {
            unbuilt.extend(refused(tree, &message["message"])?);
        }
        println!("{} mutants do not build", unbuilt.len());
        if unbuilt.len() == before {
            let errors = messages.iter().filter_map(|message| errors_only(&message["message"]));
            let rendered: String = errors.filter_map(|error| error["rendered"].as_str()).collect();
            let said = rendered + &String::from_utf8_lossy(&output.stderr);
            return Err(Failure::Failed { what: "the build".to_owned(), said });
        }
    }
}

/// With the code of the workspace made fast and without debugging information: it is built once and run hundreds of times.
fn cargo(tree: &Tree) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(tree.root());
    command.args(["test", "--no-run", "--message-format=json"]);
    for package in TESTED {
        command.args(["-p", package]);
    }
    command.env("CARGO_TARGET_DIR", tree.beside("target"));
    command.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_OPT_LEVEL", "1")]);
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// The mutants that an error is about: at its own place, else at those that it mentions.
fn refused(tree: &Tree, error: &Value) -> Result<BTreeSet<u32>, Failure> {
    let mut mutants = BTreeSet::new();
    for primary in [true, false] {
        let spans = errors_only(error).and_then(|error| error["spans"].as_array());
        for span in spans.into_iter().flatten().filter(|span| span["is_primary"] == primary) {
            let (Some(file), Some(at)) = (span["file_name"].as_str(), span["byte_start"].as_u64()) else {
                continue;
            };
            let text = std::fs::read_to_string(tree.root().join(file))?;
            mutants.extend(usize::try_from(at).ok().and_then(|at| blamed(&text, at)));
        }
        if !mutants.is_empty() {
            break;
        }
    }
    Ok(mutants)
}

fn errors_only(message: &Value) -> Option<&Value> {
    (message["level"] == "error").then_some(message)
}

fn program(message: &Value) -> Option<Program> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let text = std::fs::read_to_string(&manifest).ok()?;
    let package = text.lines().find_map(|line| line.strip_prefix("name = "))?.trim_matches('"').to_owned();
    Some(Program {
        package,
        name: message["target"]["name"].as_str()?.to_owned(),
        path: PathBuf::from(message["executable"].as_str()?),
        folder: manifest.parent()?.to_owned(),
    })
}

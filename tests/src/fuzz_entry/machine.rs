//! The operator in a simulated world, after a script that is made of the bytes.

mod charts;
mod script;
mod stage;

use arbitrary::{Arbitrary as _, Unstructured};

use script::Script;
use stage::Stage;

/// Plays the script that the bytes stand for, twice. The operator must never ask for timers without end, must come to rest
/// when nothing goes wrong any more, must leave at most one revision deployed, and must do the same in both runs.
pub fn machine(bytes: &[u8]) {
    let Ok(script) = Script::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let first = Stage::play(&script);
    let second = Stage::play(&script);
    let differs = first.iter().zip(&second).position(|(first, second)| first != second);
    assert_eq!(differs, None, "two runs differ from this line of the trace on");
    assert_eq!(first.len(), second.len(), "two runs differ in length");
}

#[cfg(test)]
mod tests {
    use super::script::{Shape, Step};
    use super::*;

    fn shape(replicas: u8) -> Shape {
        let zeros = [0; 16];
        let zero = Shape::arbitrary(&mut Unstructured::new(&zeros)).unwrap();
        Shape { replicas, test: true, ..zero }
    }

    /// Without this the target could stay green by doing nothing.
    #[test]
    fn an_undisturbed_script_installs_upgrades_and_uninstalls() {
        let steps = vec![Step::Wait(60), Step::Apply(shape(2)), Step::Wait(60), Step::Delete];
        let trace = Stage::play(&Script { seed: 0, release: shape(1), steps });
        for reason in ["InstallSucceeded", "UpgradeSucceeded", "TestSucceeded", "UninstallSucceeded"] {
            let emitted = format!("\"reason\":\"{reason}\"");
            assert!(trace.iter().any(|line| line.contains(&emitted)), "no {reason}");
        }
    }
}

//! Scenarios of the simulation: their text, and random ones that bytes decide about.

use pilothouse_io_sim::scenario::Scenario;
use pilothouse_io_sim::simulation::{ALL_CLASSES, decode};

/// Text reads back as it is printed. Anything else decides what a random scenario draws: the same bytes draw the same one,
/// and it reads back too.
pub fn scenario(bytes: &[u8]) {
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.starts_with('#')) {
        let Ok(scenario) = Scenario::parse(text) else { return };
        return reads_back(&scenario);
    }
    let classes = ALL_CLASSES.into_iter().collect();
    let scenario = decode(bytes, &classes);
    assert_eq!(scenario, decode(bytes, &classes));
    reads_back(&scenario);
}

fn reads_back(scenario: &Scenario) {
    let printed = scenario.to_string();
    assert_eq!(Scenario::parse(&printed).as_ref(), Ok(scenario), "{printed}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this the target could stay green by doing nothing.
    #[test]
    fn bytes_make_different_scenarios() {
        let classes = ALL_CLASSES.into_iter().collect();
        let texts: std::collections::BTreeSet<String> =
            (0..50_u8).map(|byte| decode(&[byte; 200], &classes).to_string()).collect();
        assert!(texts.len() > 10, "{}", texts.len());
    }
}

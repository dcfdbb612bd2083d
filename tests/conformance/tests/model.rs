//! The model alone: whatever a sequence asks for, it has an answer, and the same one each time.

#![allow(clippy::expect_used, reason = "the whole file is a test")]

use pilothouse_conformance::generate::sequence;
use pilothouse_conformance::model::Model;
use pilothouse_conformance::step::{Answer, Memory, Side};

fn answers(seed: u64) -> Vec<Answer> {
    let mut model = Model::new(seed).expect("a model");
    let mut memory = Memory::default();
    let mut answers = Vec::new();
    for step in sequence(seed, "n") {
        let answer = model.send(&memory.fill(&step)).expect("an answer");
        memory.note(&step, &answer);
        answers.push(answer);
    }
    answers
}

#[test]
fn every_request_has_one_answer() {
    let mut codes = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let first = answers(seed);
        assert_eq!(first, answers(seed), "seed {seed}");
        codes.extend(first.iter().map(|answer| answer.code));
    }
    // Sequences are of use only when they succeed and fail in all the usual ways.
    for code in [200, 201, 404, 409, 415, 422] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
}

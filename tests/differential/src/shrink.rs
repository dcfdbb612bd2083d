//! Makes a differing case small.

use crate::choices::Choices;

/// Most attempts.
const ATTEMPTS: usize = 1500;

/// Smaller decisions that still satisfy `holds`, as small as a bounded search finds.
pub fn shrink(taken: Vec<u64>, mut holds: impl FnMut(&[u64]) -> bool) -> Vec<u64> {
    let mut search = Search { best: taken, left: ATTEMPTS, holds: &mut holds };
    loop {
        let before = search.best.clone();
        for length in [64, 16, 8, 4, 2, 1] {
            search.without(length);
        }
        search.smaller();
        if search.best == before || search.left == 0 {
            return search.best;
        }
    }
}

struct Search<'a> {
    best: Vec<u64>,
    left: usize,
    holds: &'a mut dyn FnMut(&[u64]) -> bool,
}

impl Search<'_> {
    /// Leaves out runs of decisions, from the end on.
    fn without(&mut self, length: usize) {
        let mut end = self.best.len();
        while end >= length && self.left > 0 {
            let mut candidate = self.best.clone();
            candidate.drain(end - length..end);
            if self.attempt(candidate) {
                end = end.min(self.best.len());
            } else {
                end -= length.min(end).max(1);
            }
        }
    }

    /// Makes decisions zero, or else half or one less.
    fn smaller(&mut self) {
        for at in 0..self.best.len() {
            for smaller in [|_| 0, |choice: u64| choice / 2, |choice: u64| choice.saturating_sub(1)] {
                let Some(choice) = self.best.get(at).copied().filter(|choice| *choice > 0) else { break };
                let mut candidate = self.best.clone();
                candidate[at] = smaller(choice);
                if candidate[at] < choice && self.left > 0 {
                    self.attempt(candidate);
                }
            }
        }
    }

    fn attempt(&mut self, mut candidate: Vec<u64>) -> bool {
        self.left = self.left.saturating_sub(1);
        while candidate.last() == Some(&0) {
            candidate.pop();
        }
        let better = candidate.len() < self.best.len() || candidate < self.best;
        if better && (self.holds)(&candidate) {
            self.best = candidate;
            return true;
        }
        false
    }
}

/// What a generator makes of the decisions.
pub fn replay<T>(choices: &[u64], generate: impl FnOnce(&mut Choices) -> T) -> T {
    generate(&mut Choices::given(choices.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_stays() {
        let generate = |choices: &mut Choices| -> Vec<usize> {
            (0..choices.below(50)).map(|_| choices.below(1000)).collect()
        };
        let mut random = Choices::random(3);
        let numbers = generate(&mut random);
        let holds = |choices: &[u64]| replay(choices, generate).iter().any(|number| *number > 100);
        assert!(numbers.len() > 2 && numbers.iter().any(|number| *number > 100));
        let small = shrink(random.taken().to_vec(), holds);
        assert_eq!(replay(&small, generate), [101]);
    }
}

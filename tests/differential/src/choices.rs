//! Where a generator takes its decisions from.
//!
//! Every decision is a small number, and zero is the simplest one. The numbers taken are kept: with some of them left out
//! or made smaller they give a simpler case of the same kind, whatever it consists of.

/// A source of decisions.
#[derive(Debug, Clone)]
pub struct Choices {
    source: Source,
    taken: Vec<u64>,
}

#[derive(Debug, Clone)]
enum Source {
    /// State of a generator of pseudorandom numbers.
    Random(u64),
    /// Decisions to repeat; zero after the last.
    Given(std::vec::IntoIter<u64>),
}

impl Choices {
    /// Decisions that depend on the seed alone.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        Self { source: Source::Random(seed), taken: Vec::new() }
    }

    /// Decisions taken before.
    #[must_use]
    pub fn given(choices: Vec<u64>) -> Self {
        Self { source: Source::Given(choices.into_iter()), taken: Vec::new() }
    }

    /// All decisions so far.
    #[must_use]
    pub fn taken(&self) -> &[u64] {
        &self.taken
    }

    /// A number below `bound`; zero when there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        let choice = match &mut self.source {
            Source::Random(state) => split_mix(state) % bound,
            Source::Given(choices) => choices.next().unwrap_or(0) % bound,
        };
        self.taken.push(choice);
        usize::try_from(choice).unwrap_or(0)
    }

    /// Whether something happens that happens in so many of a hundred cases. The simplest decision is no.
    pub fn percent(&mut self, share: usize) -> bool {
        let drawn = match &mut self.source {
            Source::Random(state) => u64::from(split_mix(state) % 100 < share as u64),
            Source::Given(choices) => choices.next().unwrap_or(0).min(1),
        };
        self.taken.push(drawn);
        drawn == 1
    }

    /// One of the items. The first is the simplest.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// An index, drawn by the weights.
    pub fn weighted(&mut self, weights: impl Iterator<Item = usize> + Clone) -> usize {
        let total: usize = weights.clone().sum();
        let chosen = match &mut self.source {
            Source::Random(state) => {
                let drawn = split_mix(state) % (total.max(1) as u64);
                let mut left = usize::try_from(drawn).unwrap_or(0);
                let passed = weights.take_while(|weight| {
                    let passed = left >= *weight;
                    left = left.saturating_sub(*weight);
                    passed
                });
                passed.count() as u64
            }
            Source::Given(choices) => {
                let choice = choices.next().unwrap_or(0);
                let mut weights = weights;
                let allowed = weights
                    .nth(usize::try_from(choice).unwrap_or(usize::MAX))
                    .is_some_and(|weight| weight > 0);
                if allowed { choice } else { 0 }
            }
        };
        self.taken.push(chosen);
        usize::try_from(chosen).unwrap_or(0)
    }
}

/// The next number of the generator "splitmix64".
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(choices: &mut Choices) -> Vec<usize> {
        let numbers = (1..20).map(|bound| choices.below(bound));
        let mut all: Vec<usize> = numbers.collect();
        all.extend((0..20).map(|_| usize::from(choices.percent(50))));
        all.extend((0..20).map(|_| choices.weighted([1, 0, 3].into_iter())));
        all
    }

    #[test]
    fn decisions_can_be_repeated() {
        let mut random = Choices::random(7);
        let first = draw(&mut random);
        assert_eq!(draw(&mut Choices::given(random.taken().to_vec())), first);
        assert_ne!(draw(&mut Choices::random(8)), first);
        assert!(first[39..].iter().all(|index| *index != 1), "a weight of zero is never drawn");
    }

    #[test]
    fn the_simplest_decisions_follow_the_last() {
        assert!(draw(&mut Choices::given(Vec::new())).iter().all(|choice| *choice == 0));
    }
}

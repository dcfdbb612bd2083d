//! In which order a machine sees what exists when it starts.

use pilothouse_operator::OperatorInput;

use crate::rng::Rng;

/// Holds back what exists at a start until all of it is known, then gives it in another order. By default it holds
/// nothing back.
#[derive(Debug, Default)]
pub struct StartOrder {
    /// The seed of the order, and what is held back.
    held: Option<(u64, Vec<OperatorInput>)>,
}

impl StartOrder {
    /// An order drawn from a seed; without one, the order in which things come.
    #[must_use]
    pub fn drawn_from(seed: Option<u64>) -> Self {
        Self { held: seed.map(|seed| (seed, Vec::new())) }
    }

    /// Takes an input, and gives what is due.
    pub fn take(&mut self, input: OperatorInput, mut give: impl FnMut(OperatorInput)) {
        match (&mut self.held, input) {
            (None, input) => give(input),
            (Some((seed, inputs)), OperatorInput::Synced) => {
                shuffle(*seed, inputs);
                std::mem::take(inputs).into_iter().for_each(&mut give);
                self.held = None;
                give(OperatorInput::Synced);
            }
            (Some((_, inputs)), input) => inputs.push(input),
        }
    }
}

fn shuffle(seed: u64, inputs: &mut [OperatorInput]) {
    let mut rng = Rng::new(seed);
    for last in (1..inputs.len()).rev() {
        let other = rng.below(last as u64 + 1);
        inputs.swap(last, usize::try_from(other).unwrap_or(last));
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::ReleaseKey;

    use super::*;

    fn given(order: &mut StartOrder, input: OperatorInput) -> Vec<String> {
        let mut all = Vec::new();
        order.take(input, |input| all.push(format!("{input:?}")));
        all
    }

    #[test]
    fn what_exists_comes_in_another_order_and_what_follows_at_once() {
        let release = |name: &str| OperatorInput::Release { key: ReleaseKey::new("ns", name), object: None };
        let names: Vec<String> = (0..8).map(|number| number.to_string()).collect();
        let mut order = StartOrder::drawn_from(Some(7));
        assert!(names.iter().all(|name| given(&mut order, release(name)).is_empty()));
        let all = given(&mut order, OperatorInput::Synced);
        let mut sorted = all[..8].to_vec();
        sorted.sort_unstable();
        let as_they_came: Vec<String> = names.iter().map(|name| format!("{:?}", release(name))).collect();
        assert_eq!((all.len(), sorted), (9, as_they_came.clone()));
        assert_ne!(all[..8], as_they_came);
        assert_eq!(given(&mut order, release("later")).len(), 1);
        assert_eq!(given(&mut StartOrder::default(), release("a")).len(), 1);
    }
}

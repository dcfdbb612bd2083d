//! Phases that go from state to state.

/// What follows a state of a phase.
#[derive(Debug)]
pub(crate) enum Step<S, O> {
    /// Another state, at once.
    Go(S),
    /// This state, when something has happened.
    Wait(S),
    /// The end.
    End(O),
}

/// Goes on from the state as far as it can; what has ended has no state any more and stays so.
///
/// A state is handed to its step as a whole, so that what it owns can go into the next one.
pub(crate) fn run<S, O>(state: &mut Option<S>, mut step: impl FnMut(S) -> Step<S, O>) -> Option<O> {
    loop {
        match step(state.take()?) {
            Step::Go(next) => *state = Some(next),
            Step::Wait(next) => {
                *state = Some(next);
                return None;
            }
            Step::End(output) => return Some(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_until_it_waits_or_ends() {
        let mut state = Some(0);
        let count = |at: u8| match at {
            0 | 2 => Step::Go(at + 1),
            1 => Step::Wait(2),
            _ => Step::End("done"),
        };
        assert_eq!((run(&mut state, count), state), (None, Some(2)));
        assert_eq!((run(&mut state, count), state), (Some("done"), None));
        assert_eq!(run(&mut state, count), None);
    }
}

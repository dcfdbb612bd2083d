//! Repetition: how often the part before an operator may occur.

use super::{Entry, Parser, Refusal};

/// Most repetitions of one part, those around it counted in.
const MOST_REPETITIONS: u32 = 1000;
/// A number that is too large to be a count.
const TOO_MANY: u32 = 100_000_000;

impl<'s> Parser<'s> {
    /// Repeats the last part as often as counts say.
    pub(super) fn counted(
        &mut self,
        least: u32,
        most: Option<u32>,
        before: &'s str,
        after: &'s str,
        last: Option<&'s str>,
    ) -> Result<&'s str, Refusal> {
        let refusal = || Refusal::of("invalid repeat count", &before[..before.len() - after.len()]);
        if least > MOST_REPETITIONS || most.is_some_and(|most| most > MOST_REPETITIONS || least > most) {
            return Err(refusal());
        }
        let operator = match most {
            Some(most) if most == least => format!("{{{least}}}"),
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        };
        self.repeat(&operator, most.unwrap_or(least), before, after, last)
    }

    /// Repeats the last part at most `most` times, as far as that counts.
    pub(super) fn repeat(
        &mut self,
        operator: &str,
        most: u32,
        before: &'s str,
        after: &'s str,
        last: Option<&'s str>,
    ) -> Result<&'s str, Refusal> {
        let (after, lazy) = match after.strip_prefix('?') {
            Some(after) => (after, !self.flags.lazy),
            None => (after, self.flags.lazy),
        };
        if let Some(last) = last {
            let operators = &last[..last.len() - after.len()];
            return Err(Refusal::of("invalid nested repetition operator", operators));
        }
        let operators = &before[..before.len() - after.len()];
        match self.stack.pop() {
            Some(Entry::Part(text, weight)) => {
                let total = weight.saturating_mul(most.max(1));
                if most >= 2 && total > MOST_REPETITIONS {
                    return Err(Refusal::of("invalid repeat count", operators));
                }
                let lazy = if lazy { "?" } else { "" };
                self.stack.push(Entry::Part(format!("(?:{text}){operator}{lazy}"), total));
                Ok(after)
            }
            _ => Err(Refusal::of("missing argument to repetition operator", operators)),
        }
    }
}

/// The counts of `{2,3}` and what follows it; nothing when the brace stands for itself.
pub(super) fn counts(rest: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, rest) = count(rest.strip_prefix('{')?)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => {
            let (most, rest) = count(rest)?;
            (Some(most), rest)
        }
    };
    Some((least, most, rest.strip_prefix('}')?))
}

fn count(rest: &str) -> Option<(u32, &str)> {
    let length = rest.len() - rest.trim_start_matches(|next: char| next.is_ascii_digit()).len();
    let (digits, rest) = rest.split_at(length);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse::<u32>().unwrap_or(TOO_MANY), rest))
}

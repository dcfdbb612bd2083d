//! What a person sees: lines, and on a terminal a block below them that is drawn over in place.

use std::io::{self, Write};

use super::view::State;

/// Where output goes, and how.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    style: Style,
    drawn: usize,
}

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Colours.
    pub colour: bool,
    /// A block that is drawn over, for a terminal.
    pub in_place: bool,
}

impl<'a> Screen<'a> {
    /// A screen that writes to `out`.
    pub fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Self { out, style, drawn: 0 }
    }

    /// A line that stays, above the block.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.erase()?;
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Draws the block anew; nothing when output is not in place. Long lines are cut by the terminal.
    pub(super) fn block(&mut self, lines: &[String]) -> io::Result<()> {
        if !self.style.in_place {
            return Ok(());
        }
        self.erase()?;
        // Without line wrap, so that a line of the block is one line of the terminal.
        write!(self.out, "\x1b[?7l")?;
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        write!(self.out, "\x1b[?7h")?;
        self.drawn = lines.len();
        self.out.flush()
    }

    /// A text in the colour of a state.
    pub(super) fn paint(&self, state: State, text: &str) -> String {
        let code = match state {
            State::Ready => "32",
            State::Failed => "31",
            State::Waiting => "33",
            State::Working | State::Deleting => "36",
            State::Suspended => "2",
        };
        if self.style.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A text that stands back.
    pub(super) fn faint(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn erase(&mut self) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A\x1b[J", self.drawn)?;
            self.drawn = 0;
        }
        Ok(())
    }
}

/// Virtual nanoseconds as people read them: `1.2s`, `2m03s`, `1h02m`.
pub(super) fn duration(nanos: u64) -> String {
    let tenths = nanos / 100_000_000;
    match tenths {
        0..600 => format!("{}.{}s", tenths / 10, tenths % 10),
        600..36_000 => format!("{}m{:02}s", tenths / 600, tenths / 10 % 60),
        _ => format!("{}h{:02}m", tenths / 36_000, tenths / 600 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (nanos, text) in [
            (0, "0.0s"),
            (1_290_000_000, "1.2s"),
            (59_999_000_000, "59.9s"),
            (123_000_000_000, "2m03s"),
            (3_725_000_000_000, "1h02m"),
        ] {
            assert_eq!(duration(nanos), text);
        }
    }

    #[test]
    fn a_block_is_drawn_over_and_lines_stay_above_it() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, Style { colour: false, in_place: true });
        screen.block(&["a".to_owned(), "b".to_owned()]).unwrap();
        screen.line("x").unwrap();
        screen.block(&["c".to_owned()]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\x1b[?7la\nb\n\x1b[?7h\x1b[2A\x1b[Jx\n\x1b[?7lc\n\x1b[?7h");
    }
}

//! The only place that reads clocks and the environment's entropy.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use pilothouse_encoding::timestamp::Civil;
use pilothouse_operator::Random;
use pilothouse_protocol::{Monotonic, Now};
use tokio::time::Instant;

/// The two clocks of the process. The monotonic one counts from [`Clock::start`].
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic reading is zero now.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both readings at this moment.
    #[must_use]
    pub fn now(&self) -> Now {
        let elapsed = u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Now { monotonic: Monotonic(elapsed), wall: wall_nanos() }
    }

    /// The moment of the runtime's timers that belongs to a deadline of the state machines.
    #[must_use]
    pub fn instant(&self, at: Monotonic) -> Instant {
        self.origin + Duration::from_nanos(at.0.min(FAR_NANOS))
    }
}

/// Timers further away than a year are cut to a year: the runtime's timer wheel has an end.
const FAR_NANOS: u64 = 365 * 24 * 3600 * 1_000_000_000;

/// Nanoseconds since the Unix epoch; zero when the clock stands before it.
#[allow(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
#[must_use]
pub fn wall_nanos() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// `2006-01-02T15:04:05.000Z`, the form of log lines, of nanoseconds since the Unix epoch.
#[must_use]
pub fn iso8601_millis(wall: i64) -> String {
    let seconds = rfc3339_seconds(wall);
    let millis = wall.rem_euclid(1_000_000_000) / 1_000_000;
    format!("{}.{millis:03}Z", seconds.trim_end_matches('Z'))
}

/// `2006-01-02T15:04:05Z`, Kubernetes' `metav1.Time`, of nanoseconds since the Unix epoch.
#[must_use]
pub fn rfc3339_seconds(wall: i64) -> String {
    let civil = Civil::from_unix_seconds(wall.div_euclid(1_000_000_000));
    let Civil { year, month, day, hour, minute, second, .. } = civil;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// 256 bits of the operating system's entropy: charts make passwords of it.
///
/// # Errors
///
/// The source of entropy cannot be read.
pub fn entropy() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A random UUID (RFC 9562, version 4), which names a pass in log lines.
#[must_use]
pub fn uuid() -> String {
    Uuids::new().draw()
}

/// Random UUIDs for which the operating system is asked once.
#[derive(Debug)]
pub struct Uuids(Random);

impl Uuids {
    /// A source of them.
    #[must_use]
    pub fn new() -> Self {
        Self(Random::from_entropy(entropy().unwrap_or_default()))
    }

    /// The next one.
    pub fn draw(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.next_block()[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let number = u128::from_be_bytes(bytes);
        let part = |from: u32, digits: u32| (number >> from) & ((1 << (4 * digits)) - 1);
        let parts = (part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12));
        format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", parts.0, parts.1, parts.2, parts.3, parts.4)
    }
}

impl Default for Uuids {
    fn default() -> Self {
        Self::new()
    }
}

/// A number below `bound` that spreads retries of many clients; zero for a bound of zero.
#[must_use]
pub fn jitter(bound: u64) -> u64 {
    let bytes = entropy().unwrap_or_default();
    let number = bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    number.checked_rem(bound).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_monotonic_clock_follows_the_timers() {
        let clock = Clock::start();
        tokio::time::sleep_until(clock.instant(Monotonic(5_000_000_000))).await;
        assert!(clock.now().monotonic >= Monotonic(5_000_000_000));
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339_seconds(1_700_000_000_999_999_999), "2023-11-14T22:13:20Z");
        assert_eq!(iso8601_millis(1_700_000_000_007_999_999), "2023-11-14T22:13:20.007Z");
        assert_eq!(iso8601_millis(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn uuids_are_of_version_4() {
        let mut uuids = Uuids::new();
        let (uuid, next) = (uuids.draw(), uuids.draw());
        assert_eq!((uuid.len(), uuid.matches('-').count(), uuid.chars().nth(14)), (36, 4, Some('4')));
        assert_ne!(uuid, next);
    }

    #[test]
    fn jitter_stays_below_its_bound() {
        assert_eq!(jitter(0), 0);
        assert!(jitter(10) < 10);
    }
}

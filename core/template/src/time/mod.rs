//! Points in time as templates see them (Go's `time.Time`), with Go's layouts.

mod layout;
mod location;
mod methods;
pub(crate) mod named;
mod parse;
mod parse_zone;
mod print;

use jiff::Timestamp;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::quote::quote;
use pilothouse_encoding::timestamp::Civil;

use crate::value::{IntType, Method, MethodError, Object, Shape, Value};

use location::ZonePointer;

pub(crate) use parse::parse;
pub(crate) use print::format;

/// Go's name of the type.
pub(crate) const TYPE_NAME: &str = "time.Time";

/// The layout that encoders use.
const RFC3339: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// Seconds from Go's zero time, the first of January of year 1, to the Unix epoch.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// Whether a text is a time as the layout shows it (Go's `time.Parse`).
///
/// # Errors
/// Go's text.
pub fn check_layout(layout: &str, text: &str) -> Result<(), String> {
    parse(layout, text).map(drop)
}

/// What Go's `Location` of a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// UTC itself.
    Utc,
    /// The local zone, which is UTC here, too.
    Local,
    /// Any other.
    Other,
}

/// An instant and the zone it is shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// Seconds since the Unix epoch.
    pub(crate) seconds: i64,
    /// Nanoseconds within the second.
    pub(crate) nanos: u32,
    /// Seconds east of UTC.
    pub(crate) offset: i32,
    /// The zone's abbreviation; empty when only the offset is known.
    pub(crate) zone: String,
    /// Where the zone comes from.
    pub(crate) location: Location,
}

impl Time {
    /// An instant in UTC.
    pub(crate) fn utc(seconds: i64, nanos: u32) -> Time {
        Time { seconds, nanos, offset: 0, zone: "UTC".to_owned(), location: Location::Utc }
    }

    /// An instant in the local zone.
    pub(crate) fn local(seconds: i64, nanos: u32) -> Time {
        Time { location: Location::Local, ..Time::utc(seconds, nanos) }
    }

    /// Go's zero time.
    pub(crate) fn zero() -> Time {
        Time::utc(ZERO_SECONDS, 0)
    }

    /// The same instant in a named zone; an unknown name means UTC, as in sprig.
    pub(crate) fn in_zone(&self, name: &str) -> Time {
        let utc = Time::utc(self.seconds, self.nanos);
        if matches!(name, "" | "UTC" | "Local") {
            return utc;
        }
        let Ok(zone) = jiff::tz::TimeZoneDatabase::bundled().get(name) else {
            return utc;
        };
        let info = zone.to_offset_info(same_in_rules(self.seconds));
        let (offset, zone) = (info.offset().seconds(), info.abbreviation().to_owned());
        Time { offset, zone, location: Location::Other, ..utc }
    }

    /// The instant moved by a duration.
    pub(crate) fn add(&self, duration: GoDuration) -> Time {
        let nanos = i128::from(self.nanos) + i128::from(duration.as_nanos());
        let carry = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0);
        let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
        Time { seconds: self.seconds.saturating_add(carry), nanos, ..self.clone() }
    }

    /// The duration since `earlier`, saturating at about 292 years.
    pub(crate) fn since(&self, earlier: &Time) -> GoDuration {
        let total = |time: &Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        let nanos = total(self) - total(earlier);
        let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        GoDuration::from_nanos(i64::try_from(clamped).unwrap_or(i64::MAX))
    }

    /// Whether equal zones are the same pointer in Go: it makes a zone for each time that is read, but whole hours without
    /// a name, from -12 to 14, have one each (`FixedZone`).
    fn has_shared_zone(&self) -> bool {
        const HOUR: i32 = 3600;
        self.location != Location::Other
            || self.zone.is_empty() && self.offset % HOUR == 0 && (-12..=14).contains(&(self.offset / HOUR))
    }

    /// The date and clock in the time's zone.
    pub(crate) fn civil(&self) -> Civil {
        Civil::from_unix_seconds(self.seconds.saturating_add(i64::from(self.offset)))
    }
}

/// An instant for which all zones have the same rules as for the given one, within the years that the library of zones knows
/// (to 9999). Before the first of them no zone had any; behind the last one, what the rules of today make repeats with the
/// calendar.
fn same_in_rules(seconds: i64) -> Timestamp {
    /// Seconds after which the calendar repeats: 400 years.
    const CYCLE: i64 = 146_097 * 86_400;
    let last = Timestamp::MAX.as_second();
    let beyond = seconds.saturating_sub(last).max(0);
    let cycles = beyond / CYCLE + i64::from(beyond % CYCLE > 0);
    Timestamp::from_second(seconds - cycles * CYCLE).unwrap_or(Timestamp::MIN)
}

const fn getter(name: &'static str) -> Method {
    Method { name, params: &[], variadic: None }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![
            ("wall", Value::Int(IntType::Uint64, i64::from(self.nanos))),
            ("ext", Value::int64(self.seconds.saturating_sub(ZERO_SECONDS))),
            ("loc", Value::native(ZonePointer { location: self.location })),
        ])
    }

    fn methods(&self) -> &'static [Method] {
        methods::METHODS
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.downcast::<Time>().is_some_and(|other| self.has_shared_zone() && self == other)
    }

    fn uncallable(&self, method: &str) -> Option<String> {
        methods::uncallable(method)
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        methods::call(self, method, arguments)
    }

    fn string(&self) -> Option<String> {
        Some(self.text())
    }

    fn go_string(&self) -> Option<String> {
        Some(self.source())
    }

    fn yaml(&self) -> Option<String> {
        Some(format(self, RFC3339))
    }

    fn encoded(&self) -> Option<Result<String, MethodError>> {
        Some(methods::strict_text(self).map_err(|reason| MethodError(format!("Time.MarshalJSON: {reason}"))))
    }
}

impl Time {
    /// The call that makes the time (Go's `GoString`).
    fn source(&self) -> String {
        let civil = self.civil();
        let month = format(self, "January");
        let location = match self.location {
            Location::Utc => "time.UTC".to_owned(),
            Location::Local => "time.Local".to_owned(),
            Location::Other => format!("time.Location({})", quote(&self.zone)),
        };
        let (year, day, nanos) = (civil.year, civil.day, self.nanos);
        let clock = format!("{}, {}, {}, {nanos}", civil.hour, civil.minute, civil.second);
        format!("time.Date({year}, time.{month}, {day}, {clock}, {location})")
    }

    fn text(&self) -> String {
        format(self, "2006-01-02 15:04:05.999999999 -0700 MST")
    }
}

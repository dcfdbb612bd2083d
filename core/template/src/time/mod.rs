//! Points in time as templates see them (Go's `time.Time`), with Go's layouts.

mod layout;
mod parse;
mod print;

use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::timestamp::Civil;

use crate::value::{Method, MethodError, Object, ParamType, Shape, Value};

pub(crate) use parse::parse;
pub(crate) use print::format;

/// Go's name of the type.
pub(crate) const TYPE_NAME: &str = "time.Time";

/// Seconds from Go's zero time, the first of January of year 1, to the Unix epoch.
const ZERO_SECONDS: i64 = -62_135_596_800;

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
}

impl Time {
    /// An instant in UTC, which is also the local zone here.
    pub(crate) fn utc(seconds: i64, nanos: u32) -> Time {
        Time { seconds, nanos, offset: 0, zone: "UTC".to_owned() }
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
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(name);
        let instant = jiff::Timestamp::from_second(self.seconds);
        match (zone, instant) {
            (Ok(zone), Ok(instant)) => {
                let info = zone.to_offset_info(instant);
                Time { offset: info.offset().seconds(), zone: info.abbreviation().to_owned(), ..utc }
            }
            _ => utc,
        }
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

    /// The date and clock in the time's zone.
    pub(crate) fn civil(&self) -> Civil {
        Civil::from_unix_seconds(self.seconds.saturating_add(i64::from(self.offset)))
    }

    fn part(&self, method: &str) -> i64 {
        let civil = self.civil();
        match method {
            "Year" => civil.year,
            "Day" => i64::from(civil.day),
            "Hour" => i64::from(civil.hour),
            "Minute" => i64::from(civil.minute),
            "Second" => i64::from(civil.second),
            "YearDay" => i64::from(civil.year_day),
            _ => i64::from(self.nanos),
        }
    }
}

const fn getter(name: &'static str) -> Method {
    Method { name, params: &[], variadic: None }
}

static METHODS: &[Method] = &[
    getter("Unix"),
    getter("UnixMilli"),
    getter("UnixNano"),
    getter("Year"),
    getter("Day"),
    getter("Hour"),
    getter("Minute"),
    getter("Second"),
    getter("Nanosecond"),
    getter("YearDay"),
    getter("IsZero"),
    getter("UTC"),
    getter("String"),
    Method { name: "Format", params: &[ParamType::String], variadic: None },
    Method { name: "After", params: &[ParamType::Native(TYPE_NAME)], variadic: None },
    Method { name: "Before", params: &[ParamType::Native(TYPE_NAME)], variadic: None },
];

impl Object for Time {
    fn type_name(&self) -> &str {
        TYPE_NAME
    }

    fn shape(&self) -> Shape {
        Shape::Struct(Vec::new())
    }

    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn call(&self, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        let other = || match arguments.first() {
            Some(Value::Native(object)) => object.downcast::<Time>().map(|time| (time.seconds, time.nanos)),
            _ => None,
        };
        let own = Some((self.seconds, self.nanos));
        Ok(match method {
            "Unix" => Value::int64(self.seconds),
            "UnixMilli" => Value::int64(self.seconds.wrapping_mul(1000) + i64::from(self.nanos / 1_000_000)),
            "UnixNano" => {
                Value::int64(self.seconds.wrapping_mul(1_000_000_000).wrapping_add(self.nanos.into()))
            }
            "IsZero" => Value::Bool(self.seconds == ZERO_SECONDS && self.nanos == 0),
            "UTC" => Value::native(Time::utc(self.seconds, self.nanos)),
            "After" => Value::Bool(own > other()),
            "Before" => Value::Bool(own < other()),
            "String" => self.text().into(),
            "Format" => {
                let layout = arguments.first().and_then(Value::as_text);
                layout.map_or_else(String::new, |layout| format(self, &layout.as_str())).into()
            }
            part => Value::int(self.part(part)),
        })
    }

    fn string(&self) -> Option<String> {
        Some(self.text())
    }

    fn encoded(&self) -> Option<serde_json::Value> {
        Some(format(self, "2006-01-02T15:04:05.999999999Z07:00").into())
    }
}

impl Time {
    fn text(&self) -> String {
        format(self, "2006-01-02 15:04:05.999999999 -0700 MST")
    }
}

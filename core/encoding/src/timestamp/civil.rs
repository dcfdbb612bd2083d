//! The proleptic Gregorian calendar: days since the epoch to dates and back.

const SECONDS_PER_DAY: i64 = 86_400;
/// Days in 400 years, the period of the calendar.
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 0000-03-01, the first day of an era, to 1970-01-01.
const ERA_TO_EPOCH: i64 = 719_468;

/// A day of the week; Sunday is the first, as in Go's `time.Weekday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// Day 0.
    Sunday,
    /// Day 1.
    Monday,
    /// Day 2.
    Tuesday,
    /// Day 3.
    Wednesday,
    /// Day 4.
    Thursday,
    /// Day 5.
    Friday,
    /// Day 6.
    Saturday,
}

impl Weekday {
    /// The English name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sunday => "Sunday",
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
        }
    }

    const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Sunday,
            1 => Self::Monday,
            2 => Self::Tuesday,
            3 => Self::Wednesday,
            4 => Self::Thursday,
            5 => Self::Friday,
            _ => Self::Saturday,
        }
    }
}

/// A date and clock without offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Astronomical year; 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59; there are no leap seconds.
    pub second: u8,
    /// The day of the week.
    pub weekday: Weekday,
    /// 1 to 366.
    pub year_day: u16,
}

impl Civil {
    /// A date and clock from its parts; weekday and day of the year are worked out.
    ///
    /// Months outside 1 to 12 are clamped; days beyond the month's end run on into the next.
    pub fn new(year: i64, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Self {
        let month = month.clamp(1, 12);
        let days = days_from_civil(year, month, day);
        let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Self::from_unix_seconds(days.saturating_mul(SECONDS_PER_DAY).saturating_add(clock))
    }

    /// The date and clock `seconds` after the Unix epoch.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let clock = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        let year_day = days - days_from_civil(year, 1, 1) + 1;
        Self {
            year,
            month,
            day,
            hour: narrow(clock / 3600),
            minute: narrow(clock / 60 % 60),
            second: narrow(clock % 60),
            weekday: Weekday::from_number((days + 4).rem_euclid(7)),
            year_day: u16::try_from(year_day).unwrap_or(1),
        }
    }

    /// Seconds since the Unix epoch of this date and clock taken as UTC.
    pub fn unix_seconds(&self) -> i64 {
        let clock = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days_from_civil(self.year, self.month, self.day).saturating_mul(SECONDS_PER_DAY).saturating_add(clock)
    }
}

/// Whether `year` has a 29th of February.
pub const fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The number of days of a month (1 to 12); 0 for any other number.
pub const fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

/// Days since 1970-01-01, counting years from March so that the leap day comes last.
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.saturating_mul(DAYS_PER_ERA).saturating_add(day_of_era - ERA_TO_EPOCH)
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days.saturating_add(ERA_TO_EPOCH);
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, narrow(month), narrow(day))
}

/// Calendar and clock parts are far below 256.
fn narrow(part: i64) -> u8 {
    u8::try_from(part).unwrap_or(0)
}

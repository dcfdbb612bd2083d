//! Floating point numbers with a mantissa in base 16 or 2 (Go package `strconv`, formats `x` and `b`).

/// Bits of the fraction of a number of 64 bits.
const FRACTION: u32 = 52;

/// `0x1.8p+01`; without a precision, as many digits as there are.
pub(super) fn hexadecimal(number: f64, upper: bool, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(number);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The first digit is 1.
        let shift = mantissa.leading_zeros() - (63 - FRACTION);
        mantissa <<= shift;
        exponent += i64::from(FRACTION) - i64::from(shift);
    }
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        let dropped = FRACTION - 4 * u32::try_from(digits).unwrap_or(0);
        let (rest, half) = (mantissa & ((1 << dropped) - 1), 1 << (dropped - 1));
        mantissa >>= dropped;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> (FRACTION + 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:013x}", mantissa & ((1 << FRACTION) - 1));
    match precision {
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
        Some(digits) => fraction = format!("{fraction:0<digits$}")[..digits].to_owned(),
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{fraction}p{sign}{:02}", mantissa >> FRACTION, exponent.abs());
    if upper { text.to_uppercase() } else { text }
}

/// `4503599627370496p-52`.
pub(super) fn binary(number: f64) -> String {
    let (mantissa, exponent) = parts(number);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}p{sign}{}", exponent.abs())
}

/// A number as an integer and a power of two.
fn parts(number: f64) -> (u64, i64) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION) - 1);
    let biased = i64::try_from(bits >> FRACTION & 0x7ff).unwrap_or(0);
    let mantissa = if biased == 0 { fraction } else { fraction | 1 << FRACTION };
    (mantissa, biased.max(1) - 1023 - i64::from(FRACTION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_in_go() {
        let cases = [
            (0.0, None, "0x0p+00"),
            (1.0, None, "0x1p+00"),
            (1.5, None, "0x1.8p+00"),
            (0.1, None, "0x1.999999999999ap-04"),
            (1e100, None, "0x1.249ad2594c37dp+332"),
            (5e-324, None, "0x1p-1074"),
            (1.5, Some(0), "0x1p+01"),
            (0.1, Some(2), "0x1.9ap-04"),
            (1.0, Some(15), "0x1.000000000000000p+00"),
        ];
        for (number, precision, expected) in cases {
            assert_eq!(hexadecimal(number, false, precision), expected, "{number}");
        }
        assert_eq!(hexadecimal(1.5, true, None), "0X1.8P+00");
        assert_eq!(binary(1.0), "4503599627370496p-52");
        assert_eq!(binary(0.0), "0p-1074");
    }
}

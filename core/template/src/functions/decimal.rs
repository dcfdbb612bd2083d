//! Exact decimal numbers, after `shopspring/decimal`, for sprig's float arithmetic.

use std::cmp::Ordering;

/// Digits after the point that division keeps.
const DIVISION_PRECISION: i64 = 16;

/// Base of a limb.
const BASE: u64 = 1_000_000_000;

/// `magnitude * 10^exponent`, negated when `negative`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    magnitude: Limbs,
    exponent: i64,
}

/// A natural number, least limb first, without leading zero limbs.
type Limbs = Vec<u32>;

impl Decimal {
    /// The shortest decimal that reads back as the float; nothing for infinities and NaN.
    pub(super) fn from_float(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{:e}", number.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent.parse::<i64>().ok()? - i64::try_from(fraction.len()).ok()?;
        let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { negative: number < 0.0, magnitude: limbs(digits), exponent })
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", digits(&self.magnitude), self.exponent);
        text.parse().unwrap_or_default()
    }

    /// The number of limbs, by which work is charged.
    pub(super) fn size(&self) -> usize {
        self.magnitude.len()
    }

    pub(super) fn add(&self, other: &Decimal) -> Decimal {
        let exponent = self.exponent.min(other.exponent);
        let left = scale(&self.magnitude, self.exponent - exponent);
        let right = scale(&other.magnitude, other.exponent - exponent);
        let (negative, magnitude) = if self.negative == other.negative {
            (self.negative, sum(&left, &right))
        } else if compare(&left, &right) == Ordering::Less {
            (other.negative, difference(&right, &left))
        } else {
            (self.negative, difference(&left, &right))
        };
        Decimal { negative, magnitude, exponent }.without_negative_zero()
    }

    pub(super) fn subtract(&self, other: &Decimal) -> Decimal {
        self.add(&Decimal { negative: !other.negative, ..other.clone() })
    }

    pub(super) fn multiply(&self, other: &Decimal) -> Decimal {
        let magnitude = product(&self.magnitude, &other.magnitude);
        let exponent = self.exponent + other.exponent;
        Decimal { negative: self.negative != other.negative, magnitude, exponent }.without_negative_zero()
    }

    /// The quotient to 16 places, halves rounded away from zero; nothing when dividing by zero.
    pub(super) fn divide(&self, other: &Decimal) -> Option<Decimal> {
        if other.magnitude.is_empty() {
            return None;
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let dividend = scale(&self.magnitude, shift.max(0));
        let divisor = scale(&other.magnitude, (-shift).max(0));
        let (mut quotient, rest) = quotient(&dividend, &divisor);
        if compare(&sum(&rest, &rest), &divisor) != Ordering::Less {
            quotient = sum(&quotient, &limbs(1));
        }
        let negative = self.negative != other.negative;
        let quotient = Decimal { negative, magnitude: quotient, exponent: -DIVISION_PRECISION };
        Some(quotient.without_negative_zero())
    }

    fn without_negative_zero(mut self) -> Decimal {
        self.negative &= !self.magnitude.is_empty();
        self
    }
}

fn limbs(number: u64) -> Limbs {
    let mut out = Limbs::new();
    let mut rest = number;
    while rest > 0 {
        out.push(low(rest));
        rest /= BASE;
    }
    out
}

/// The part of a number that one limb holds.
fn low(number: u64) -> u32 {
    u32::try_from(number % BASE).unwrap_or_default()
}

fn digits(number: &Limbs) -> String {
    let Some((last, rest)) = number.split_last() else {
        return "0".to_owned();
    };
    let mut out = last.to_string();
    for limb in rest.iter().rev() {
        out.push_str(&format!("{limb:09}"));
    }
    out
}

fn trimmed(mut number: Limbs) -> Limbs {
    while number.last() == Some(&0) {
        number.pop();
    }
    number
}

fn compare(left: &Limbs, right: &Limbs) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

fn sum(left: &Limbs, right: &Limbs) -> Limbs {
    let mut out = Limbs::with_capacity(left.len().max(right.len()) + 1);
    let mut carry = 0;
    for index in 0..left.len().max(right.len()) {
        carry += u64::from(left.get(index).copied().unwrap_or(0));
        carry += u64::from(right.get(index).copied().unwrap_or(0));
        out.push(low(carry));
        carry /= BASE;
    }
    out.push(low(carry));
    trimmed(out)
}

/// `left - right`, which must not be negative.
fn difference(left: &Limbs, right: &Limbs) -> Limbs {
    let mut out = Limbs::with_capacity(left.len());
    let mut borrow = 0;
    for (index, limb) in left.iter().enumerate() {
        let taken = u64::from(right.get(index).copied().unwrap_or(0)) + borrow;
        let kept = u64::from(*limb) + BASE - taken;
        borrow = u64::from(kept < BASE);
        out.push(low(kept));
    }
    trimmed(out)
}

fn product(left: &Limbs, right: &Limbs) -> Limbs {
    let mut out = vec![0; left.len() + right.len()];
    for (offset, a) in left.iter().enumerate() {
        let mut carry = 0;
        for (index, slot) in out.iter_mut().skip(offset).enumerate() {
            let b = right.get(index).copied().unwrap_or(0);
            carry += u64::from(*a) * u64::from(b) + u64::from(*slot);
            *slot = low(carry);
            carry /= BASE;
        }
    }
    trimmed(out)
}

/// `number * 10^power`.
fn scale(number: &Limbs, power: i64) -> Limbs {
    let power = usize::try_from(power).unwrap_or(0);
    if number.is_empty() || power == 0 {
        return number.clone();
    }
    let mut shifted = vec![0; power / 9];
    shifted.extend_from_slice(number);
    product(&shifted, &limbs(10u64.pow(u32::try_from(power % 9).unwrap_or(0))))
}

/// Quotient and rest, by long division; each limb of the quotient is found by halving its range.
fn quotient(dividend: &Limbs, divisor: &Limbs) -> (Limbs, Limbs) {
    let mut out = vec![0; dividend.len()];
    let mut rest = Limbs::new();
    for (index, limb) in dividend.iter().enumerate().rev() {
        rest.insert(0, *limb);
        rest = trimmed(rest);
        let (mut least, mut most) = (0, BASE - 1);
        while least < most {
            let middle = (least + most).div_ceil(2);
            if compare(&product(divisor, &limbs(middle)), &rest) == Ordering::Greater {
                most = middle - 1;
            } else {
                least = middle;
            }
        }
        rest = difference(&rest, &product(divisor, &limbs(least)));
        out[index] = low(least);
    }
    (trimmed(out), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(number: f64) -> Decimal {
        Decimal::from_float(number).unwrap()
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(decimal(0.1).add(&decimal(0.2)).to_float(), 0.3);
        assert_eq!(decimal(1.0).subtract(&decimal(1.1)).to_float(), -0.1);
        assert_eq!(decimal(1.1).multiply(&decimal(-1.1)).to_float(), -1.21);
        assert_eq!(decimal(10.0).divide(&decimal(4.0)).unwrap().to_float(), 2.5);
        assert_eq!(decimal(2.0).divide(&decimal(-3.0)).unwrap().to_float(), -0.6666666666666667);
        assert_eq!(
            decimal(1e300).divide(&decimal(1e-300)),
            Some(decimal(1e300).multiply(&decimal(1e300)).scaled())
        );
        assert_eq!(decimal(1.0).divide(&decimal(0.0)), None);
    }

    impl Decimal {
        /// The same number with the exponent of a quotient.
        fn scaled(&self) -> Decimal {
            let magnitude = scale(&self.magnitude, self.exponent + DIVISION_PRECISION);
            Decimal { magnitude, exponent: -DIVISION_PRECISION, ..self.clone() }
        }
    }
}

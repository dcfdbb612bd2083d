//! The natural order in which go-yaml v2 writes the keys of a map: letters after other characters, runs of
//! digits by their value.

use std::cmp::Ordering;

/// The first characters of the decimal digit blocks of Unicode (category Nd) outside ASCII, ten digits each.
const DIGIT_BLOCKS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
    0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950, 0x1fbf0,
];

/// Whose order it is. In that of v3, what follows a common run of digits sorts letters before other characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// go-yaml v2
    V2,
    /// go-yaml v3
    V3,
}

/// Sorts the entries of a map by their keys in go-yaml's order.
///
/// The order is not transitive for every set of keys, which the standard sorts do not tolerate; insertion and
/// merging give a result for any comparison.
pub(super) fn sort_entries<T: Copy>(entries: &mut Vec<(&str, T)>, order: Order) {
    // Among letters alone, it is that of bytes, in which most maps come.
    let is_word = |(key, _): &(&str, T)| key.bytes().all(|byte| byte.is_ascii_alphabetic());
    if entries.is_sorted_by_key(|(key, _)| *key) && entries.iter().all(is_word) {
        return;
    }
    merge_sort(entries, order);
}

fn merge_sort<T: Copy>(entries: &mut Vec<(&str, T)>, order: Order) {
    if entries.len() < 2 {
        return;
    }
    let mut right = entries.split_off(entries.len() / 2);
    merge_sort(entries, order);
    merge_sort(&mut right, order);
    let left = std::mem::take(entries);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let next = if is_less(b, a, order) { right.next() } else { left.next() };
        entries.extend(next);
    }
    entries.extend(left);
    entries.extend(right);
}

/// Whether `a` comes before `b`.
pub(super) fn is_less(a: &str, b: &str, order: Order) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let start = (0..=common).rev().find(|at| a.is_char_boundary(*at) && b.is_char_boundary(*at)).unwrap_or(0);
    let (Some(first_a), Some(first_b)) = (a[start..].chars().next(), b[start..].chars().next()) else {
        return a.len() < b.len();
    };
    let letters_first = order == Order::V3 && a[..start].chars().next_back().is_some_and(is_digit);
    match (is_letter(first_a), is_letter(first_b)) {
        (true, true) => first_a < first_b,
        (true, false) | (false, true) if letters_first => is_letter(first_a),
        (true, false) => false,
        (false, true) => true,
        (false, false) => {
            let significant = (first_a == '0' || first_b == '0') && follows_number(&a[..start]);
            let (number_a, digits_a) = leading_number(&a[start..], significant);
            let (number_b, digits_b) = leading_number(&b[start..], significant);
            number_a.cmp(&number_b).then(digits_a.cmp(&digits_b)).then(first_a.cmp(&first_b))
                == Ordering::Less
        }
    }
}

/// Whether the text ends in digits that are not all zeros.
fn follows_number(text: &str) -> bool {
    text.chars().rev().take_while(|c| is_digit(*c)).any(|c| c != '0')
}

/// The value of the digits `text` begins with and how many they are. Where a number went before, a leading one
/// keeps the zeros significant. Go's arithmetic wraps.
fn leading_number(text: &str, significant: bool) -> (i64, usize) {
    let digits = text.chars().take_while(|c| is_digit(*c));
    digits.fold((i64::from(significant), 0), |(number, count), digit| {
        let value = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(value), count + 1)
    })
}

/// Go's `unicode.IsLetter`, up to a few combining vowel signs.
fn is_letter(character: char) -> bool {
    character.is_alphabetic() && !character.is_numeric()
}

/// Go's `unicode.IsDigit`.
fn is_digit(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_digit();
    }
    let code = u32::from(character);
    let block = DIGIT_BLOCKS.partition_point(|start| *start <= code);
    block > 0 && code - DIGIT_BLOCKS[block - 1] < 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order() {
        let sorted = [
            "", "-", "0", "1", "2", "10", "A", "Z", "a", "a0", "a1", "a2", "a02", "a10", "a_", "ab", "b", "é",
        ];
        let in_order = |mut keys: Vec<&'static str>| {
            let mut entries = keys.drain(..).map(|key| (key, ())).collect();
            sort_entries(&mut entries, Order::V2);
            entries
        };
        let mut bytewise = sorted.to_vec();
        bytewise.sort_unstable();
        assert_eq!(in_order(sorted.iter().copied().rev().collect()), in_order(bytewise));
        let less = |a, b| is_less(a, b, Order::V2);
        assert!(less("a2", "a10") && !less("a10", "a2"));
        assert!(less("1.9", "1.10") && less("a-b", "ab") && less("٢", "١٠"));
        assert!(less("a1-", "a1b") && is_less("a1b", "a1-", Order::V3));
    }
}

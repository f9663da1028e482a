//! Unicode blocks by name: those that `\p{IsBasicLatin}` (XPath) and `\p{InGreek}` (Java) may name here.

/// Name without spaces, hyphens and underscores, in small letters; first and last character.
const BLOCKS: &[(&str, u32, u32)] = &[
    ("arabic", 0x0600, 0x06FF),
    ("armenian", 0x0530, 0x058F),
    ("arrows", 0x2190, 0x21FF),
    ("basiclatin", 0x0000, 0x007F),
    ("bengali", 0x0980, 0x09FF),
    ("blockelements", 0x2580, 0x259F),
    ("boxdrawing", 0x2500, 0x257F),
    ("cjksymbolsandpunctuation", 0x3000, 0x303F),
    ("cjkunifiedideographs", 0x4E00, 0x9FFF),
    ("combiningdiacriticalmarks", 0x0300, 0x036F),
    ("currencysymbols", 0x20A0, 0x20CF),
    ("cyrillic", 0x0400, 0x04FF),
    ("devanagari", 0x0900, 0x097F),
    ("dingbats", 0x2700, 0x27BF),
    ("emoticons", 0x1F600, 0x1F64F),
    ("ethiopic", 0x1200, 0x137F),
    ("generalpunctuation", 0x2000, 0x206F),
    ("geometricshapes", 0x25A0, 0x25FF),
    ("georgian", 0x10A0, 0x10FF),
    ("greek", 0x0370, 0x03FF),
    ("greekandcoptic", 0x0370, 0x03FF),
    ("greekextended", 0x1F00, 0x1FFF),
    ("halfwidthandfullwidthforms", 0xFF00, 0xFFEF),
    ("hangulsyllables", 0xAC00, 0xD7AF),
    ("hebrew", 0x0590, 0x05FF),
    ("hiragana", 0x3040, 0x309F),
    ("ipaextensions", 0x0250, 0x02AF),
    ("katakana", 0x30A0, 0x30FF),
    ("latin1supplement", 0x0080, 0x00FF),
    ("latinextendeda", 0x0100, 0x017F),
    ("latinextendedadditional", 0x1E00, 0x1EFF),
    ("latinextendedb", 0x0180, 0x024F),
    ("letterlikesymbols", 0x2100, 0x214F),
    ("mathematicaloperators", 0x2200, 0x22FF),
    ("miscellaneoussymbols", 0x2600, 0x26FF),
    ("numberforms", 0x2150, 0x218F),
    ("privateusearea", 0xE000, 0xF8FF),
    ("spacingmodifierletters", 0x02B0, 0x02FF),
    ("superscriptsandsubscripts", 0x2070, 0x209F),
    ("tamil", 0x0B80, 0x0BFF),
    ("thai", 0x0E00, 0x0E7F),
];

/// The first and last character of a block; spaces, hyphens and underscores in the name do not count.
pub(super) fn find(name: &str) -> Option<(u32, u32)> {
    let plain: String = name
        .chars()
        .filter(|next| !matches!(next, ' ' | '-' | '_'))
        .map(|next| next.to_ascii_lowercase())
        .collect();
    let place = BLOCKS.binary_search_by_key(&plain.as_str(), |(name, _, _)| name).ok()?;
    Some((BLOCKS[place].1, BLOCKS[place].2))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted() {
        assert!(super::BLOCKS.is_sorted_by_key(|(name, _, _)| *name));
    }
}

//! Why a cell of the old script differs from the new one. `D` numbers are those of the domain reference, section 1.6.
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $presentation:literal, $explanation:literal;)*) => {
        /// The cause of a difference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code under which the reason is shown and counted.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The reason in a sentence, for a person.
            pub fn explanation(&self) -> &'static str {
                match self { $(Self::$name => $explanation),* }
            }

            /// Whether both cells say the same and only their form differs.
            pub fn is_presentation(&self) -> bool {
                match self { $(Self::$name => $presentation),* }
            }
        }
    };
}

reasons! {
    /// D.
    TypedDate, "typed_date", true, "the same day, as a typed date instead of a text";
    /// R.
    TypedMonth, "typed_month", true, "the same month, as a typed date instead of a text";
    /// D17: L and O.
    TypedSerial, "typed_serial", true, "the same day, as a number instead of a text with an apostrophe (D17)";
    /// A.
    ContactDigits, "contact_digits", true, "the same number, digits only";
    /// K, D10.
    MaskedDocument, "masked_document", true, "the same document, as its canonical characters (D10)";
    /// D12.
    FormulaGuard, "formula_guard", true, "a typed text needs no apostrophe against formulas (D12)";
    /// Section 4.5.
    CleanedText, "cleaned_text", true, "the same text without control characters, invisible characters and outer blanks, at most 500 characters long";

    /// D3.
    UtcDay, "utc_day", false, "the old script counted the sale day in UTC, the sale was billed the day before in São Paulo (D3)";
    /// D4.
    NovoAfterSale, "novo_after_sale", false, "the old script credited a Novo that was booked for a day after the sale (D4)";
    /// D5.
    NotTheLatest, "not_the_latest", false, "the old script took the lowest row on the sheet, not the latest appointment (D5)";
    /// D6.
    AnonymousMatch, "anonymous_match", false, "the old script matched an order without a document with bookings without one (D6)";
    /// D7.
    ShortRow, "short_row", false, "the old script stopped at an ERP row that ends before column T and wrote nothing that day (D7)";
    /// D8.
    RolledOverDate, "rolled_over_date", false, "the old script read another day from a date that no calendar has (D8)";
    /// D9.
    HalfCent, "half_cent", false, "the old script halved the odd cent, now it stays with the Novo (D9)";
    /// D10.
    LostZeros, "lost_zeros", false, "one of the two documents has lost its leading zeros, so the old script did not match them (D10)";
    /// D11.
    LettersStripped, "letters_stripped", false, "the old script dropped the letters of a document, so two documents looked alike (D11)";
    /// D14.
    SentinelDate, "sentinel_date", false, "the old script took the API's null date for the year 1 (D14)";
    /// D16.
    MonthNameDate, "month_name_date", false, "the old script could not read a date with the name of the month (D16)";
    /// N3.
    OtherDateForm, "other_date_form", false, "the old script could read dates of the form D/M/YYYY only";
    /// N3.
    DateOutOfRange, "date_out_of_range", false, "the old script credited an appointment before 1900 or after 2100";
    /// A Novo that gave its responsible but no date.
    UndatedBooking, "undated_booking", false, "the old script named the responsible of a Novo whose date it could not read";
    /// N2.
    AccentedType, "accented_type", false, "the old script did not recognise the service type because of an accent";
    /// N1.
    UnreadableDocument, "unreadable_document", false, "what is written there is neither a CPF nor a CNPJ";
    /// Option of the account.
    CancelledBooking, "cancelled_booking", false, "the booking was cancelled, and the account excludes cancelled bookings";
    /// Option of the account.
    LookbackDays, "lookback_days", false, "the booking is older than the account's lookback_days";
    /// Option of the account.
    WindowMonths, "window_months", false, "the form of the booking is outside the account's window_months";
    /// Option of the account.
    SplitShare, "split_share", false, "the account's split differs from the old script's half";
    /// N6.
    RoundedAmount, "rounded_amount", false, "an amount with more than two decimals is rounded to the cent";
    /// Section 2.5.
    OtherPerson, "other_person", false, "the old script took the first person the look-up returned, not the one changed last with this document";
    /// Blanks are not a value.
    BlankText, "blank_text", false, "the old script took a field that holds only blanks for a value";
    /// Never expected.
    Unexplained, "unexplained", false, "no known reason explains this difference; please report it";
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

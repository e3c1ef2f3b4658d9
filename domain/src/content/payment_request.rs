//! A request to pay: [`PaymentRequest`].

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Language, ViolationCode,
    fallback::{Page, one_line},
    violation::Findings,
};

/// A request to pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentRequest {
    /// What is paid for.
    pub description: String,
    /// Amount in the currency's minor unit (cents).
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Where to pay.
    pub url: Url,
    /// The merchant's own reference.
    pub reference: Option<String>,
}

/// ISO 4217 codes in use, 2026, with two minor digits unless listed below.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF \
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD \
    IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
    MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC \
    SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Digits of the minor unit of an ISO 4217 code; `None` for codes that do not exist.
fn minor_digits(currency: &str) -> Option<usize> {
    if currency.len() != 3 || !CURRENCIES.split_ascii_whitespace().any(|known| known == currency) {
        return None;
    }
    Some(match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    })
}

impl PaymentRequest {
    /// The amount as people write it: `EUR 1,234.50`, in German `1.234,50 EUR`.
    #[must_use]
    pub fn amount_label(&self, language: Language) -> String {
        let digits = minor_digits(&self.currency).unwrap_or(2);
        let padded = format!("{:0>width$}", self.amount_minor.unsigned_abs(), width = digits + 1);
        let (whole, minor) = padded.split_at(padded.len() - digits);
        let (thousands, point) = match language {
            Language::En => (',', '.'),
            Language::De => ('.', ','),
        };
        let mut amount = if self.amount_minor < 0 { "-".to_owned() } else { String::new() };
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                amount.push(thousands);
            }
            amount.push(digit);
        }
        if digits > 0 {
            amount.push(point);
            amount.push_str(minor);
        }
        match language {
            Language::En => format!("{} {amount}", self.currency),
            Language::De => format!("{amount} {}", self.currency),
        }
    }

    pub(super) fn tell(&self, page: &mut Page) {
        page.line(&self.description);
        page.line(&format!("{}: {}", page.language.say("Amount", "Betrag"), self.amount_label(page.language)));
        if let Some(reference) = &self.reference {
            page.line(&format!("{}: {}", page.language.say("Reference", "Referenz"), one_line(reference)));
        }
        page.line(&format!("{}: {}", page.language.say("Pay here", "Hier bezahlen"), self.url));
    }

    pub(super) fn validate(&self, found: &mut Findings) {
        found.title("paymentRequest.description", &self.description);
        found.require(self.amount_minor > 0, "paymentRequest.amountMinor", ViolationCode::OutOfRange);
        found.require(minor_digits(&self.currency).is_some(), "paymentRequest.currency", ViolationCode::Invalid);
        found.optional_title("paymentRequest.reference", self.reference.as_deref());
        found.web_url("paymentRequest.url", &self.url);
    }
}

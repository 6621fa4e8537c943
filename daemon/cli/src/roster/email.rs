//! E-mail addresses as people write them, with the domain as mail servers know it.

use readmit_recovery::address::EmailAddress;

/// The address with its domain in lower case and ASCII (RFC 5891); what stands before the `@` is the mail server's.
///
/// # Errors
/// It is no address; nothing of it is quoted.
pub fn normal(text: &str) -> Result<String, String> {
    let wrong = || "not an e-mail address: write it as name@example.org".to_owned();
    let (local, domain) = text.trim().rsplit_once('@').ok_or_else(wrong)?;
    let domain =
        idna::domain_to_ascii(domain).map_err(|_| "the domain of an address cannot be one".to_owned())?;
    let address = format!("{local}@{domain}");
    EmailAddress::parse(&address).map_err(|error| error.to_string())?;
    Ok(address)
}

/// A recovery contact, `Ann Example <ann@example.org>`, with its address so.
///
/// # Errors
/// It is none.
pub fn normal_contact(text: &str) -> Result<String, String> {
    let wrong = || "not a contact: write it as Ann Example <ann@example.org>".to_owned();
    let (name, rest) = text.trim().rsplit_once('<').ok_or_else(wrong)?;
    let address = normal(rest.strip_suffix('>').ok_or_else(wrong)?)?;
    Ok(format!("{} <{address}>", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_written_as_mail_servers_know_them() {
        for (text, wanted) in [
            (" Ada@Example.ORG ", "Ada@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("a.b+c@mail.example.org", "a.b+c@mail.example.org"),
        ] {
            assert_eq!(normal(text).as_deref(), Ok(wanted));
        }
        for text in ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@exa mple.org", "ada@.org"] {
            assert!(normal(text).is_err(), "{text}");
        }
        assert_eq!(normal_contact("Ann  <ann@Example.org>").as_deref(), Ok("Ann <ann@example.org>"));
        assert!(normal_contact("ann@example.org").is_err() && normal_contact("Ann <ann>").is_err());
    }
}

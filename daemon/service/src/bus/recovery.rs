//! `org.readmit.Recovery1`: what front ends do for a person.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use readmit_recovery::case::{State, Task};
use readmit_recovery::facts::Client;
use readmit_recovery::id::{CaseId, DeviceId};
use readmit_recovery::secret::Secret;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::dict::{Dict, In, Out};
use super::error::Error;
use super::gate::Gate;
use super::view;
use crate::service::{Fault, LinkReply, OpenContext, Service, SignIn};

/// The interface for front ends.
pub(super) struct Recovery {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Recovery {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }

    /// Remembers who has shown to know a case; who only guesses ids is not remembered, and displaces nobody.
    fn watch<T>(&self, case: &str, connection: &str, answer: &Result<T, Fault>) {
        let known = !matches!(answer, Err(Fault::NotFound(_) | Fault::InvalidArgument(_)));
        if let Ok(case) = CaseId::parse(case)
            && known
        {
            self.gate.watchers.add(&case, connection);
        }
    }
}

/// Lets a person recover an account, step by step. A case's id is a secret: whoever holds it acts in the case.
/// Dictionaries use the words of the glossary; times are Unix seconds.
#[interface(name = "org.readmit.Recovery1")]
impl Recovery {
    /// Opens a recovery for an account, for one of the reasons lost, stolen, damaged, not_working, out_of_sync.
    /// context (all optional): address s, user_agent s, locale s, known b, browser s (a secret that the front end
    /// keeps in the browser), device s. An unknown account gets a case that looks like any other.
    #[zbus(out_args("case"))]
    async fn open(
        &self,
        account: String,
        reason: String,
        context: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let context = open_context(context)?;
                let case = self.service.open(&account, &reason, context, &caller.actor()).await?;
                self.gate.watchers.add(&case, &caller.name);
                Ok(case.to_string())
            })
            .await
    }

    /// Shows a recovery as the person may see it: state, message, steps, tasks, outcome, support; and once everything
    /// is proven, ending: recovered_at t, the old device's device_form s and device_label s, the new one's enrolling s
    /// and tries_left u while it is being enrolled, and enrolled s.
    #[zbus(out_args("view"))]
    async fn show(
        &self,
        case: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let shown = self.service.show(&case).await;
                self.watch(&case, &caller.name, &shown);
                let (found, seen) = shown?;
                Ok(view::case(&found, &seen, self.service.settings()))
            })
            .await
    }

    /// Sends a factor's message or places its call; again means to send again.
    #[zbus(out_args("step"))]
    async fn start(
        &self,
        case: String,
        factor: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let step = self.service.start(&case, &factor, &caller.actor()).await;
                self.watch(&case, &caller.name, &step);
                Ok(view::step(&step?, self.service.settings()))
            })
            .await
    }

    /// Takes a proof: one string, or two codes in a row for resync. Answers accepted b, tries_left u, state s,
    /// message s. The digits of a call are typed on the phone, never here.
    #[zbus(out_args("result"))]
    async fn submit(
        &self,
        case: String,
        factor: String,
        proof: Vec<String>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let proof = proof.into_iter().map(Secret::new).collect();
                let reply = self.service.submit(&case, &factor, proof, &caller.actor()).await;
                self.watch(&case, &caller.name, &reply);
                let reply = reply?;
                Ok(Out::new()
                    .put("accepted", reply.accepted)
                    .put("tries_left", reply.tries_left)
                    .put("state", reply.state)
                    .put("message", reply.message)
                    .done())
            })
            .await
    }

    /// Takes a click on an e-mailed link; call it only after a click, never on a mere visit. In the browser that
    /// opened the recovery: result "proven", case s. Elsewhere: result "code", code s to type into the page that
    /// opened it, client s from where the recovery was asked. account s in both, masked.
    #[zbus(out_args("result"))]
    async fn open_link(
        &self,
        token: String,
        browser: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let (token, browser) = (Secret::new(token), Secret::new(browser));
                Ok(match self.service.open_link(&token, &browser, &caller.actor()).await? {
                    LinkReply::Proven { case, account } => Out::new()
                        .put("result", "proven")
                        .put("case", case.as_str())
                        .put("account", account.as_str())
                        .done(),
                    LinkReply::Code { code, client, account } => Out::new()
                        .put("account", account.as_str())
                        .put("result", "code")
                        .put("code", code.expose())
                        .put("client", client.as_str())
                        .done(),
                })
            })
            .await
    }

    /// Stops a recovery: the owner says that it was not them.
    async fn veto(
        &self,
        token: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                self.service.veto(&Secret::new(token), &caller.actor()).await
            })
            .await
    }

    /// Hands a recovery to support. form: problem s (lost_device, no_call, no_email, wrong_number, wrong_email,
    /// not_me, other), and optionally email, account, phone, name, message (all s). Again gives the same ticket.
    #[zbus(out_args("ticket"))]
    async fn escalate(
        &self,
        case: String,
        form: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let form = support_form(form)?;
                let ticket = self.service.escalate(&case, &form, &caller.actor()).await;
                self.watch(&case, &caller.name, &ticket);
                Ok(ticket?.to_string())
            })
            .await
    }

    /// Gives a recovery up.
    async fn cancel(
        &self,
        case: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                self.service.cancel(&case, &caller.actor()).await
            })
            .await
    }

    /// Takes the one sign-in of a recovered account: account, realm, kind, device ("deactivated" or "kept"),
    /// force_password_change b, revoke_sessions b, tasks as, and recovery_codes as where one of the old was used.
    #[zbus(out_args("sign_in"))]
    async fn claim(
        &self,
        case: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let claimed = self.service.claim(&case, &caller.actor()).await;
                self.watch(&case, &caller.name, &claimed);
                Ok(sign_in(&claimed?))
            })
            .await
    }

    /// Takes the one sign-in as Claim does, for another login: as Claim, and token s, a signed JSON Web Token
    /// (readmit-sign-in+jwt, EdDSA) that is good for five minutes. audience: one of the configuration's
    /// sign_in.audiences. nonce: what that login gave, or empty. There is either one Claim or one ClaimFor, once.
    #[zbus(out_args("sign_in"))]
    async fn claim_for(
        &self,
        case: String,
        audience: String,
        nonce: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let claimed = self.service.claim_for(&case, &audience, &nonce, &caller.actor()).await;
                self.watch(&case, &caller.name, &claimed);
                Ok(sign_in(&claimed?))
            })
            .await
    }

    /// The public keys that tokens verify with: a JSON Web Key Set.
    #[zbus(out_args("keys"))]
    async fn signing_keys(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .front_end(connection, &header, |_caller| async move { Ok(self.service.signing_keys()) })
            .await
    }

    /// Sets the new password that the outcome asks for.
    async fn change_password(
        &self,
        case: String,
        password: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                self.service.change_password(&case, Secret::new(password), &caller.actor()).await
            })
            .await
    }

    /// Begins to enroll a new device: uri s (for a QR code), secret s (base32), qr_svg s. Shown this once.
    #[zbus(out_args("device"))]
    async fn begin_enrollment(
        &self,
        case: String,
        label: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let (secret, uri) = self.service.begin_enrollment(&case, &label, &caller.actor()).await?;
                enrollment(&secret, &uri).map(Out::done)
            })
            .await
    }

    /// Binds the new device by two of its codes in a row; the old device's entry is deleted first.
    async fn confirm_enrollment(
        &self,
        case: String,
        first: String,
        second: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .front_end(connection, &header, |caller| async move {
                let (first, second) = (Secret::new(first), Secret::new(second));
                self.service.confirm_enrollment(&case, first, second, &caller.actor()).await
            })
            .await
    }

    /// A case has changed: show it again. Sent only to connections that know the case.
    #[zbus(signal)]
    pub(super) async fn case_changed(
        emitter: &SignalEmitter<'_>,
        case: &str,
        state: &str,
    ) -> zbus::Result<()>;
}

pub(super) fn open_context(context: HashMap<String, Variant<'_>>) -> Result<OpenContext, Fault> {
    let mut context = In::new("context", context);
    let device =
        context.text("device")?.map(|device| DeviceId::parse(&device)).transpose().map_err(Fault::invalid)?;
    let read = OpenContext {
        client: Client {
            address: context.text("address")?,
            user_agent: context.text("user_agent")?,
            locale: context.text("locale")?,
            known: context.flag("known")?.unwrap_or_default(),
        },
        browser: context.secret("browser")?.filter(|browser| !browser.expose().is_empty()),
        device,
    };
    context.finish()?;
    Ok(read)
}

/// A new device's secret, in every form that a page needs.
pub(super) fn enrollment(secret: &Secret, uri: &Secret) -> Result<Out, Fault> {
    let code = qrcode::QrCode::new(uri.expose()).map_err(|_| Fault::internal())?;
    let picture = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(Out::new().put("uri", uri.expose()).put("secret", secret.expose()).put("qr_svg", picture.as_str()))
}

fn support_form(form: HashMap<String, Variant<'_>>) -> Result<BTreeMap<String, String>, Fault> {
    let keys: Vec<String> = form.keys().cloned().collect();
    let mut form = In::new("form", form);
    let mut fields = BTreeMap::new();
    for key in keys {
        if let Some(text) = form.text(&key)? {
            fields.insert(key, text);
        }
    }
    Ok(fields)
}

fn sign_in(sign_in: &SignIn) -> Dict {
    let case = &sign_in.case;
    let outcome = case.state.outcome();
    let deactivated =
        outcome.is_some_and(|outcome| outcome.device == readmit_recovery::verdict::DeviceFate::Deactivate);
    let left: Vec<&Task> = match &case.state {
        State::Recovered { tasks, .. } => tasks.iter().collect(),
        _ => Vec::new(),
    };
    let codes: Vec<&str> = sign_in.recovery_codes.iter().map(Secret::expose).collect();
    Out::new()
        .put("account", case.account.as_str())
        .put("realm", case.facts.account.realm.as_str())
        .put("kind", case.facts.account.kind.as_str())
        .put("device", if deactivated { "deactivated" } else { "kept" })
        .put("force_password_change", outcome.is_some_and(|outcome| outcome.force_password_change))
        .put("revoke_sessions", outcome.is_some_and(|outcome| outcome.revoke_sessions))
        .put("tasks", view::tasks(left.into_iter()))
        .maybe("recovery_codes", (!codes.is_empty()).then_some(codes))
        .maybe("token", sign_in.token.as_ref().map(Secret::expose))
        .done()
}

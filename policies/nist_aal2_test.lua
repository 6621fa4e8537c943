-- What SP 800-63B-4 asks for, one way after the other, through the real core.

local everything = { password = true, recovery_codes = true, other_devices = true, contacts = true }

local function nothing_but(on_file)
  return {
    email = on_file.email or false,
    phone = on_file.phone or false,
    has = {
      password = on_file.password or false,
      recovery_codes = on_file.recovery_codes or false,
      other_devices = on_file.other_devices or false,
      contacts = on_file.contacts or false,
    },
  }
end

-- §4.2.2.2, over what is on file.
cases("on file: {on_file}", {
  { on_file = "everything", account = { has = everything },
    plan = "any(1, { all { any(1, { password, totp }), any(1, { recovery_code, any(1, { email, voice }), contact }) }, "
      .. "any(2, { recovery_code, any(1, { email, voice }), contact }) })" },
  { on_file = "password, e-mail", account = nothing_but { password = true, email = true },
    plan = "any(1, { all { any(1, { password }), any(1, { any(1, { email }) }) } })" },
  { on_file = "password, phone", account = nothing_but { password = true, phone = true },
    plan = "any(1, { all { any(1, { password }), any(1, { any(1, { voice }) }) } })" },
  { on_file = "device, saved codes", account = nothing_but { other_devices = true, recovery_codes = true },
    plan = "any(1, { all { any(1, { totp }), any(1, { recovery_code }) } })" },
  { on_file = "saved codes, contact", account = nothing_but { recovery_codes = true, contacts = true },
    plan = "any(1, { any(2, { recovery_code, contact }) })" },
  { on_file = "e-mail, contact", account = nothing_but { email = true, contacts = true },
    plan = "any(1, { any(2, { any(1, { email }), contact }) })" },
}, function(row)
  local case = open { account = row.account }
  expect(case.state):is("proving")
  expect(case.plan):is(row.plan)
end)

-- What does not make two methods goes to support, whatever it is.
cases("not enough: {on_file}", {
  { on_file = "nothing", account = nothing_but {} },
  { on_file = "password", account = nothing_but { password = true } },
  { on_file = "password, device", account = nothing_but { password = true, other_devices = true } },
  { on_file = "saved codes", account = nothing_but { recovery_codes = true } },
  { on_file = "contact", account = nothing_but { contacts = true } },
  { on_file = "e-mail, phone", account = nothing_but { email = true, phone = true } },
  { on_file = "saved codes, phone on the lost device",
    account = nothing_but { recovery_codes = true, phone = { on_lost_device = true } } },
  { on_file = "saved codes, unconfirmed e-mail",
    account = nothing_but { recovery_codes = true, email = { verified_at = false } } },
  { on_file = "saved codes, unconfirmed phone",
    account = nothing_but { recovery_codes = true, phone = { verified_at = false } } },
}, function(row)
  local case = open { account = row.account }
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is("no two methods of §4.2.2.2 are on file")
end)

test("a password and one code are enough", function()
  local case = open {}
  case:prove("password")
  expect(case.state):is("proving")
  case:prove("email")
  expect(case.state):is("recovered")
end)

test("two codes by different methods are enough", function()
  local case = open { account = nothing_but { email = true, phone = true, contacts = true } }
  case:prove("email")
  case:prove("contact")
  expect(case.state):is("recovered")
end)

test("two issued codes are one method", function()
  local case = open { account = nothing_but { email = true, phone = true, contacts = true } }
  case:prove("email")
  expect(case):refuses("prove", "voice")
  expect(case.state):is("proving")
  expect(case.open):contains("contact")
end)

test("a drifted device is put right", function()
  local case = open { reason = "out_of_sync" }
  expect(case.plan):is("all { password, resync }")
  case:prove("password"):prove("resync")
  expect(case.state):is("recovered")
  expect(case.outcome.device):is("keep")
  expect(case.outcome.enroll_within):is(nil)
end)

cases("out of sync without {lacks} is a recovery", {
  { lacks = "a device", from = { reason = "out_of_sync", device = false, account = { has = { recovery_codes = true } } } },
  { lacks = "a password",
    from = { reason = "out_of_sync", account = nothing_but { recovery_codes = true, email = true } } },
}, function(row)
  local case = open(row.from)
  expect(case.open):contains("recovery_code")
  case:prove("recovery_code"):prove("email")
  expect(case.state):is("recovered")
  expect(case.outcome.device):is("deactivate")
end)

test("IAL3 comes in person", function()
  local case = open { account = { attributes = { ial = "3" }, has = everything } }
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):contains("in person")
  expect(open { account = { attributes = { ial = "2" } } }.state):is("proving")
end)

test("the wait grows with each failure, and support takes over at the third", function()
  local case = open { account = { has = everything } }
  for count = 1, 2 do
    case:fail("voice", "no_answer")
    case:wait(minutes(count) - 1)
    expect(case):refuses("prove", "voice")
    expect(case.open):contains("email")
    case:wait(1)
  end
  case:fail("voice", "busy")
  expect(case.state):is("escalated")
  expect(case.to):is("support")
  expect(case.because):is("voice failed: busy")
end)

cases("{reason} leaves the account in order", {
  { reason = "lost", exposed = true },
  { reason = "stolen", exposed = true },
  { reason = "damaged", exposed = false },
  { reason = "not_working", exposed = false },
}, function(row)
  for _, form in { "virtual", "hardware" } do
    local case = open { reason = row.reason, device = { form = form } }
    case:prove("password"):prove("email")
    expect(case.outcome):is {
      device = "deactivate",
      force_password_change = row.exposed,
      revoke_sessions = row.exposed,
      enroll_within = days(7),
    }
  end
end)

local bound = { password = true, totp = true, resync = true }
local method_of = { recovery_code = "saved", email = "issued", voice = "issued", contact = "contact" }

invariant("§4.2.2.2: two methods of code, or one and a bound authenticator, or both authenticators", function(case)
  local methods, authenticators = {}, 0
  for _, factor in case.proven do
    local method = method_of[factor]
    if method then
      methods[method] = true
    elseif bound[factor] then
      authenticators += 1
    end
  end
  local count = 0
  for _ in pairs(methods) do
    count += 1
  end
  return count >= 2 or count >= 1 and authenticators >= 1 or authenticators >= 2
end)

invariant("§4.3: what may be compromised is deactivated", function(case)
  return table.find(case.proven, "resync") ~= nil or case.outcome.device == "deactivate"
end)

invariant("a phone on the lost device proves nothing", function(case)
  local phone = case.account.phone
  return not (phone and phone.on_lost_device and table.find(case.proven, "voice"))
end)

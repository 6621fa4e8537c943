-- Lets busted run authors_test.lua: the words of a policy as plain tables, and `open` as a call of the hook. What
-- Readmit does beyond that (the core, the floor under the plan, the sandbox) is left out, in busted's favour.

local directory = os.getenv("READMIT_BENCH_DIRECTORY")

function seconds(n) return n end
function minutes(n) return n * 60 end
function hours(n) return n * 3600 end
function days(n) return n * 86400 end
function prove(list) return { verdict = "prove", list = list } end
function escalate(what) return { verdict = "escalate", to = what.to, because = what.because } end
function deny(why) return { verdict = "deny", because = why } end
function retry(what) return { verdict = "retry", after = what.after } end
function outcome(what) what.verdict = "outcome" return what end

-- busted gives each file an environment of its own, which what is loaded here has to share.
local environment = getfenv and getfenv(1) or _ENV
local function run(file)
  local chunk = assert(loadfile(directory .. "/" .. file, "t", environment))
  if setfenv then
    setfenv(chunk, environment)
  end
  return chunk()
end

local policy = run("default.lua")
local then_ = 1735689600

function open(given)
  local account = given.account
  local verdict = policy.open {
    reason = given.reason, now = then_,
    account = {
      id = "alice", realm = "default", kind = account.kind, created_at = then_, groups = {}, attributes = {},
      email = { domain = "example.org", verified_at = then_, same_mailbox_as_account = false },
      phone = account.phone and { country = "US", verified_at = then_, on_lost_device = false } or nil,
      has = { password = true, recovery_codes = false, other_devices = false, contacts = false },
    },
    device = { id = "old-phone", form = "virtual", label = "old phone", enrolled_at = then_ },
    client = { known = false },
    history = { opened_24h = 0, failed_24h = 0, recovered_90d = 0 },
    proven = {}, failures = {},
  }
  if verdict.verdict == "prove" then
    return { state = "proving", plan = "all { " .. table.concat(verdict.list, ", ") .. " }" }
  end
  return { state = "escalated", to = verdict.to, because = verdict.because }
end

function expect(value)
  return { is = function(_, wanted) assert.are.equal(wanted, value) end }
end

describe("the shipped policy", function()
  test = it
  run("authors_test.lua")
end)

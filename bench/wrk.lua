-- Script for the load generator wrk: each request exchanges the embed token of a random visitor, and the results are
-- printed as JSON. Argument: a file of `token origin` lines.
local requests = {}

function init(args)
  math.randomseed(os.time())
  local path = "/widget/exchange"
  for line in io.lines(args[1]) do
    local token, origin = line:match("^(%S+) (%S+)$")
    local headers = { ["Content-Type"] = "application/json", ["Origin"] = origin }
    requests[#requests + 1] = wrk.format("POST", path, headers, '{"token":"' .. token .. '"}')
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"p50":%.6f,"p99":%.6f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

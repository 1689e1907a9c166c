#!lua flags=allow-oom
--[[
  Keeps the newest soft record of each key, and tells it to every instance that follows.

  Input
    KEYS[1]  shared, a hash: key -> record
    KEYS[2]  sharing, a stream of the newest records: field `record`; trimmed
    ARGV     key, record; key, record; ...   an empty record forgets the key
  Output
    'shared'
]]
local shared, sharing = KEYS[1], KEYS[2]
for i = 1, #ARGV, 2 do
  local key, record = ARGV[i], ARGV[i + 1]
  if record == '' then
    redis.call('HDEL', shared, key)
  else
    redis.call('HSET', shared, key, record)
    redis.call('XADD', sharing, 'MAXLEN', '~', 10000, '*', 'record', record)
  end
end
return 'shared'

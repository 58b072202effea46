// SPDX-License-Identifier: Apache-2.0
// client.mjs - drives tus-js-client over the service's Unix socket.
//
// usage: node client.mjs FOLDER_OF_NODE_MODULES MODE SOCKET ENDPOINT FILE
//   whole      one request
//   chunks     five MiB at a time, the first with the creation
//   cut        aborts in the middle, then goes on with a new object
//   terminate  aborts in the middle and deletes
//   patient    retries for a while
//   gone       goes on with ENDPOINT itself, without another attempt
// Prints one line of JSON: what came of it.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const [folder, mode, socketPath, endpoint, file] = process.argv.slice(2)
const require = createRequire(path.join(folder, 'package.json'))
const tus = require('tus-js-client')

const size = fs.statSync(file).size
const seen = { requests: 0, statuses: [], url: null, error: null, ok: false }

function options(more, done) {
  return {
    endpoint,
    httpStack: new tus.DefaultHttpStack({ socketPath }),
    retryDelays: [],
    metadata: { filename: path.basename(file), kind: 'disk_image' },
    onAfterResponse(req, res) {
      seen.requests++
      seen.statuses.push(`${req.getMethod()} ${res.getStatus()}`)
    },
    onError(error) {
      seen.error = String(error.message).split('\n')[0].slice(0, 300)
      done()
    },
    onSuccess() {
      seen.ok = true
      done()
    },
    ...more,
  }
}

function run(more) {
  return new Promise((resolve) => {
    const upload = new tus.Upload(fs.createReadStream(file), options(more, () => {
      seen.url = upload.url
      resolve()
    }))
    upload.start()
  })
}

// Starts, and aborts once a third is sent; the URL of what is left.
function half(terminate) {
  return new Promise((resolve) => {
    let isOver = false
    const upload = new tus.Upload(fs.createReadStream(file), options({
      chunkSize: 1 << 20,
      onProgress(sent) {
        if (isOver || sent < size / 3) return
        isOver = true
        upload.abort(terminate).then(() => resolve(upload.url))
      },
    }, resolve))
    upload.start()
  })
}

if (mode === 'whole') {
  await run({})
} else if (mode === 'chunks') {
  await run({ chunkSize: 5 << 20, uploadDataDuringCreation: true })
} else if (mode === 'cut') {
  const uploadUrl = await half(false)
  await run({ uploadUrl, retryDelays: [200, 500, 1000] })
} else if (mode === 'terminate') {
  seen.url = await half(true)
  seen.ok = seen.error === null
} else if (mode === 'patient') {
  await run({ chunkSize: 2 << 20, retryDelays: Array(60).fill(500) })
} else {
  await run({ endpoint: null, uploadUrl: endpoint })
}
console.log(JSON.stringify(seen))

// Receives approved decisions as a program in Node does: verified by the package `standardwebhooks`, each id taken once.
// The secrets that it knows come in SECRETS, one a line. It prints the port that it listens on, then one line of JSON for
// each request: what the package said of it.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const secrets = process.env.SECRETS.split("\n");
const known = new Set();

function verified(raw, headers) {
  const failures = [];
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(raw, headers);
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(failures.join("; "));
}

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const id = request.headers["webhook-id"];
  try {
    const event = verified(Buffer.concat(pieces).toString("utf8"), request.headers);
    console.log(JSON.stringify({ id, event, new: !known.has(id) }));
    known.add(id);
    response.writeHead(202).end();
  } catch (error) {
    console.log(JSON.stringify({ id, refused: error.message }));
    response.writeHead(401).end();
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

// A front desk: who are you calling for? Rings a colleague, takes a note when nobody is there, and
// texts it. Environment: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, DESK_NUMBER, COLLEAGUE, PORT.
const express = require("express");
const twilio = require("twilio");

const { VoiceResponse } = twilio.twiml;
const app = express();
app.use(express.urlencoded({ extended: false }));
const { DESK_NUMBER, COLLEAGUE, PORT } = process.env;

app.post("/voice", (request, response) => {
  const twiml = new VoiceResponse();
  twiml.say("One moment, I am putting you through.");
  twiml.dial({ action: "/after", timeout: 10, callerId: DESK_NUMBER }, COLLEAGUE);
  response.type("text/xml").send(twiml.toString());
});

app.post("/after", async (request, response) => {
  const twiml = new VoiceResponse();
  if (request.body.DialCallStatus === "completed") {
    twiml.say("Thank you for calling.");
  } else {
    const client = twilio();
    await client.messages.create({
      to: COLLEAGUE, from: DESK_NUMBER, body: `Missed call from ${request.body.From}`,
    });
    twiml.say("Nobody is there. They will call you back.");
  }
  response.type("text/xml").send(twiml.toString());
});

app.get("/", (request, response) => response.send("ready"));

app.listen(Number(PORT));

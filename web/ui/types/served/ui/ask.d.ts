export * from "../../../static/ask.js";

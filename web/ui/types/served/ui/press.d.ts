export * from "../../../static/press.js";

export * from "../../../static/combobox.js";

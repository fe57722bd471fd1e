/** Pages whose forms are acts just as their fields stand. */

import { begin, fieldsOf } from "./act_flow.js";

begin(fieldsOf);

/** Puts the page into the document. */
import { createRoot } from "react-dom/client";
import { Shop } from "./Shop.tsx";

const root = document.querySelector("#root");
if (root) createRoot(root).render(<Shop />);

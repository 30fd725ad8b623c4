// workerd serves this: a task is a POST.
import { perform } from "./task.mjs";

// biome-ignore lint/style/noDefaultExport: what a Worker is
export default {
  async fetch(request) {
    try {
      return Response.json(await perform(await request.json()));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};

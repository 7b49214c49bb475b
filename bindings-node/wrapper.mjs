import sansocket from "./dist/index.js";

export const { BroadcastOperator, Namespace, Server, Socket } = sansocket;
export default sansocket;

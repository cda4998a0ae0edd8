import { walkthrough } from './walkthrough.ts';

walkthrough('private-endpoint.md');

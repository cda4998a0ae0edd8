import { walkthrough } from './walkthrough.ts';

walkthrough('kubernetes-private-link.md');

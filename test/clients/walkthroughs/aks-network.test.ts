import { walkthrough } from './walkthrough.ts';

walkthrough('aks-network.md');
